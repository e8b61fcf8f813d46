import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test as plain } from 'vitest'
import { crash } from '../crash/campaign.ts'
import { load } from '../crash/load.ts'
import { inOwnScene } from '../crash/ownScene.ts'
import { nameOf, pointOf } from '../crash/point.ts'
import { buildPreload, recorded } from '../crash/preload.ts'
import { play } from '../crash/story.ts'
import { changesIn, stracedInto } from '../crash/straced.ts'
import { headOf, tableOf } from '../crash/table.ts'
import { failureText, openTheatre } from '../crash/theatre.ts'
import { HAS_CC, HAS_STRACE } from '../fixtures/needs.ts'
import { test } from './fixtures/test.ts'

const MOST_MS = 900_000

describe.skipIf(!HAS_CC)('the service is SIGKILLed (needs a C compiler)', () => {
  plain(
    'R-QUE-01 R-QUE-04 R-RUN-09 R-REP-02 R-REP-03 case 39: at a point of each kind of accept, queue, start, follow, conclude and report: one run, one check, one true end, nothing left',
    async () => {
      using theatre = openTheatre()
      const seed = seedOf()
      const tally = await crash(
        {
          story: 'run',
          first: [],
          most: 'kinds',
          seed,
          recordings: 1,
          lanes: 5,
          say: console.info,
          isStopped: () => false,
        },
        theatre,
      )
      console.info(tableOf(tally))
      expect(tally.failures.map(failureText)).toEqual([])
      expect(tally.unmet.map(nameOf), headOf(tally)).toEqual([])
      expect(tally.outcomes.length).toBeGreaterThan(50)
    },
    MOST_MS,
  )

  for (const [side, isThere] of [
    ['before', false],
    ['after', true],
  ] as const)
    test(`case 39: just ${side} a call that it makes, and no call later`, async ({ scene, world }) => {
      scene.recipe('app')
      using preload = buildPreload()
      const record = join(world.root, 'calls')
      const point = pointOf(`${side} 1 mkdir open`)
      const service = scene.begin({ ...scene.env, ...preload.env(record, point) })
      expect(await service.started.ended()).toEqual({ code: null, signal: 'SIGKILL' })
      expect(recorded(record).at(-1)).toEqual({ number: 1, name: 'mkdir open' })
      expect(existsSync(join(world.state, 'open'))).toBe(isThere)
      expect(readdirSync(world.state)).not.toContain('runs')
      await scene.serve()
    })

  plain(
    'case 39: at a point that it never comes to: that is told',
    async () => {
      using theatre = openTheatre()
      const nowhere = pointOf('after 99 fork')
      const { unmet, faults, conclusion } = await theatre.play({ story: 'run', points: [nowhere] })
      expect({ unmet, faults, conclusion }).toEqual({ unmet: [nowhere], faults: [], conclusion: 'success' })
    },
    MOST_MS,
  )

  plain.skipIf(!HAS_STRACE)(
    'R-Q-07 case 39: (strace) and its points are all the calls by which it changes its state folder, as the kernel has them',
    async () => {
      using preload = buildPreload()
      const { value, faults, told } = await inOwnScene(async (scene) => {
        const { root, state } = scene.world
        const trace = join(root, 'strace')
        scene.world.startBy(stracedInto(trace))
        const { records } = await play({ story: 'cancel', points: [] }, preload, scene)
        const ours = recorded(records[0] ?? '').flatMap(({ name }) => changeOf(name) ?? [])
        return { value: { ours, theirs: changesIn(trace, scene.service().pid, state) }, faults: [] }
      })
      expect(faults, told).toEqual([])
      expect(countsOf(value?.ours)).toEqual(countsOf(value?.theirs))
      expect(value?.theirs.length).toBeGreaterThan(500)
    },
    MOST_MS,
  )
})

plain(
  'R-QUE-01 R-QUE-04 R-RUN-09 R-REP-02 R-REP-03 the service is SIGKILLed at ten random moments while people ask for 25 runs and cancel some: each has one end, told as one',
  async () => {
    const { value, faults, told } = await load({ runs: 25, kills: 10, seed: seedOf(), say: console.info })
    expect(faults, told).toEqual([])
    console.info(value)
  },
  MOST_MS,
)

/** The system call behind a point of the state folder; null = strace cannot say the same of it. */
function changeOf(name: string): string | null {
  const [call = ''] = name.split(' ')
  if (['send', 'fork', 'kill', 'create', 'truncate'].includes(call) || name.endsWith('control pipe'))
    return null
  return call === 'ftruncate64' ? 'ftruncate' : call
}

function countsOf(words: readonly string[] = []): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {}
  for (const word of words) counts[word] = (counts[word] ?? 0) + 1
  return counts
}

/** The same points and moments again: `SEED=N`. */
function seedOf(): number {
  const seed = Number(process.env['SEED'] ?? Date.now() % 1e6)
  console.info(`SEED=${seed}`)
  return seed
}
