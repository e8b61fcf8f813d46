import { join } from 'node:path'
import { afterAll, describe, expect } from 'vitest'
import { fakeClock, removeClocksOfTheDead } from './fixtures/fakeClock.ts'
import { lookedAgain, waitingAt } from './fixtures/looks.ts'
import { FAKETIME } from './fixtures/needs.ts'
import { type Run, runAt } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { BERTH, GATE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
const HOUR_MS = 3_600_000
const JUMPS = [
  { way: 'ahead', hours: 10 },
  { way: 'back', hours: -10 },
] as const

describe.skipIf(FAKETIME === null)('a clock that jumps (with libfaketime)', () => {
  afterAll(removeClocksOfTheDead)

  test.for(JUMPS)(
    'R-QUE-13 R-LCK-13 case 43: ten hours $way, in the middle of a stage: no deadline passes, no wait ends, the order stays',
    async ({ hours }, { world }) => {
      const clock = fakeClock(world)
      const inside = world.gate('inside')
      world.recipe('app', { stages: { inside: `${GATE} inside` } })
      const first = await runWith(world, clock.env)
      await inside.reached()
      const second = await waitingAt(world, NAME, () => runWith(world, clock.env, '--wait', '5m'))
      clock.jump(hours)
      const third = await waitingAt(world, NAME, () => runWith(world, clock.env, '--wait', '5m'))
      for (const { cli } of [second, third]) await lookedAgain(cli.pid)
      for (const run of [first, second, third]) {
        inside.go()
        if (run !== third) expect((await inside.reached()).run).toBe(run === first ? second.id : third.id)
      }
      for (const { cli } of [first, second, third]) await cli.endedWith(0)
      expect(jumpedHours(first)).toBe(hours)
    },
  )

  test.for(JUMPS)(
    'R-QUE-13 R-RUN-07 case 43: ten hours $way: the deadline of a run is as long as it was',
    async ({ hours }, { world }) => {
      const clock = fakeClock(world)
      const inside = world.gate('inside')
      world.recipe('app', { deadline: '2s', stages: { inside: `${GATE} inside` } })
      const run = await runWith(world, clock.env)
      await inside.reached()
      clock.jump(hours)
      await run.cli.endedWith(124)
      expect(run.result()).toMatchObject({ conclusion: 'timed_out', verified: true })
      expect(jumpedHours(run)).toBe(hours)
      const [started, ended] = ['process.started', 'stage.ended inside'].map((event) => monoOf(run, event))
      expect((ended ?? 0) - (started ?? 0)).toBeGreaterThanOrEqual(1_900)
    },
  )
})

async function runWith(
  world: World,
  env: Readonly<Record<string, string>>,
  ...words: readonly string[]
): Promise<Run> {
  const cli = world.start([BERTH, 'run', 'app', ...words], { env })
  return runAt(join(world.state, 'runs'), await cli.says(/^run ([0-9a-z]{16}): /m), cli)
}

/** By how much the wall clock of the run's journal went otherwise than the monotonic one. */
function jumpedHours(run: Run): number {
  const lines = run.journal()
  const [first, last] = [lines[0], lines.at(-1)]
  if (first === undefined || last === undefined) throw new Error(`run ${run.id} has no journal`)
  return Math.round((last.at - first.at - (last.mono - first.mono)) / HOUR_MS)
}

function monoOf(run: Run, event: string): number {
  return run.journal()[run.events().indexOf(event)]?.mono ?? Number.NaN
}
