import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { makeWorld } from './fixtures/world.ts'
import { failureOf, fuzz } from './fuzz/campaign.ts'
import { CELLS, cellOf, makeHistogram, nameOf } from './fuzz/cells.ts'
import { FULL, makePlan, planOf, SHORT } from './fuzz/plan.ts'
import { judgeRuns } from './fuzz/verdict.ts'

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 1_000_000))
const LEAST_ROUNDS = 36
/** Three shots a round at 36 cells, each aimed at in turn: one that is empty after so many rounds is out of their reach. */
const MOST_ROUNDS = 400
/** About a minute on two cores of its own. It ends by its rounds: how long they take is for whoever else is at work there. */
const MOST_MS = 3_600_000

test(
  'R-LCK-02 R-RUN-03 R-RUN-08 R-Q-07 case 44: random signals to random processes at random moments: everything comes to rest, torn down, and no two runs are ever at one name',
  async () => {
    console.log(`seed ${SEED}; again: FUZZ_SEED=${SEED}`)
    const { rounds, failures, histogram } = await fuzz({
      seed: SEED,
      form: SHORT,
      lanes: 4,
      isEnough: (rounds, { empty }) =>
        rounds >= MOST_ROUNDS || (rounds >= LEAST_ROUNDS && empty().length === 0),
      say: console.error,
    })
    console.log(`${histogram.text()}\n${rounds} rounds`)
    expect(failures).toEqual([])
    expect(histogram.empty(), 'empty cells').toEqual([])
  },
  MOST_MS,
)

describe('the fuzzer', () => {
  test('plays the same plan again for the same seed, round and form, and others for others', () => {
    const [plan, again, next, other] = [
      planOf(7, 3, FULL),
      planOf(7, 3, FULL),
      planOf(7, 4, FULL),
      planOf(8, 3, FULL),
    ]
    expect(again).toEqual(plan)
    expect(next.shots).not.toEqual(plan.shots)
    expect(other.shots).not.toEqual(plan.shots)
  })

  test.each([FULL, SHORT])('aims at every cell of its grain in turn: $shots', (form) => {
    const grains = new Set(CELLS.map(form.grain))
    const firsts = Array.from({ length: 2 * grains.size }, (_, round) => planOf(7, round, form).shots[0])
    const aimed = new Set(firsts.flatMap((shot) => (shot === undefined ? [] : [form.grain(shot)])))
    // In the full form a few rounds have no shot.
    expect(aimed.size).toBeGreaterThan(0.95 * grains.size)
  })

  test('has the first run killed where a recoverer is to be met, and somebody to recover it', () => {
    for (let round = 0; round < 20; round += 1) {
      const plan = makePlan(7, round, [cellOf('recoverer/tearing/KILL')])
      expect(plan.deathAt).not.toBeNull()
      expect(plan.janitorAt !== null || plan.second !== 'none').toBe(true)
    }
  })

  test('tells which cells are empty', () => {
    const histogram = makeHistogram(nameOf)
    const last = cellOf('stage/tearing/HUP')
    for (const cell of CELLS) if (cell !== last) histogram.hit(cell)
    expect(histogram.empty()).toEqual([nameOf(last)])
  })

  test('tells of a failed round its seed, aims, faults and story, where its folder is, and how to play it again', () => {
    const world = makeWorld()
    const plan = planOf(7, 3, SHORT)
    const story = ['5.0 ms  stage/staging/KILL: KILL to stage 4711']
    expect(failureOf(plan, SHORT, { faults: [], story, world })).toBeNull()
    const text = failureOf(plan, SHORT, { faults: ['lock app is held'], story, world }) ?? ''
    rmSync(world.root, { recursive: true })
    expect(text).toContain(`kept: ${world.root}\n`)
    expect(text).toContain('again: npm run fuzz -- --seed 7 --round 3 --short\n')
    for (const shot of plan.shots) expect(text).toContain(nameOf(shot))
    for (const line of ['  lock app is held\n', ...story]) expect(text).toContain(line)
  })
})

describe('the judge of runs', () => {
  const STARTED = '"event":"process.started"'
  const UP = '"event":"stage.started","name":"up"'
  const DOWN = '"event":"teardown.started"'
  const GONE = '"event":"teardown.ended","report":{"verified":true}'
  const OVER = '"event":"concluded"'
  const WELL = [STARTED, UP, DOWN, GONE, OVER]

  test.each<[string, Readonly<Record<string, readonly [number, readonly string[]]>>, string, RegExp | null]>([
    [
      'says nothing where all is well',
      { a: [0, WELL], b: [4, WELL] },
      'aaaaaaaaaaaaaaaa up\naaaaaaaaaaaaaaaa gone\n',
      null,
    ],
    ['sees two runs at one name', { a: [0, WELL], b: [1, WELL] }, '', /^runs a and b were at app together/],
    ['sees a run that was not torn down', { a: [0, [STARTED, UP, OVER]] }, '', /begun and never torn down/],
    [
      'sees a stage that was begun twice',
      { a: [0, [STARTED, UP, UP, DOWN, GONE, OVER]] },
      '',
      /began stage up twice/,
    ],
    ['sees a second process go forward', { a: [0, [STARTED, ...WELL]] }, '', /went forward in process 2/],
    [
      'sees a teardown after a verified one',
      { a: [0, [...WELL, DOWN, GONE]] },
      '',
      /after a verified teardown/,
    ],
    ['sees two conclusions', { a: [0, [...WELL, OVER]] }, '', /concluded 2 times/],
    ['sees none', { a: [0, [STARTED]] }, '', /never concluded/],
    ['hears a site that was not alone', {}, 'aaaaaaaaaaaaaaaa OVERLAP with b\n', /^site: .*OVERLAP/],
    ['misses a site that is there still', {}, 'aaaaaaaaaaaaaaaa up\n', /is there still/],
  ])('%s', async (_, runs, trace, told) => {
    const root = mkdtempSync(join(tmpdir(), 'berth-judge-'))
    for (const [run, [from, lines]] of Object.entries(runs)) {
      const folder = join(root, 'runs', run)
      mkdirSync(folder, { recursive: true })
      const journal = lines.map((line, index) => `{"at":0,"mono":${from + index},${line}}\n`).join('')
      writeFileSync(join(folder, 'journal.ndjson'), journal)
      writeFileSync(join(folder, 'request.json'), '{\n "names": [\n  "app"\n ]\n}\n')
      writeFileSync(join(folder, 'result.json'), '{}')
    }
    writeFileSync(join(root, 'trace'), trace)
    const faults = await judgeRuns(root, join(root, 'trace'))
    rmSync(root, { recursive: true })
    if (told === null) expect(faults).toEqual([])
    else expect(faults.join('\n')).toMatch(told)
  })
})
