import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { fuzz } from './fuzz/campaign.ts'
import { CELLS, COARSE, cellOf, makeHistogram, nameOf } from './fuzz/cells.ts'
import { makePlan } from './fuzz/plan.ts'
import { makeRandom } from './fuzz/random.ts'
import { judgeRuns } from './fuzz/verdict.ts'

const SEED = Number(process.env['FUZZ_SEED'] ?? Math.floor(Math.random() * 1_000_000))
/** Rounds aim where the histogram is emptiest; a cell that is empty after so many is out of their reach. */
const MOST_ROUNDS = 100
/** A minute and less on two cores of its own; others may be at work there, too. */
const MOST_MS = 300_000

test(
  'R-LCK-02 R-RUN-03 R-RUN-08 R-Q-07 case 44: random signals to random processes at random moments: everything comes to rest, torn down, and no two runs are ever at one name',
  async () => {
    console.log(`seed ${SEED}; again: FUZZ_SEED=${SEED}`)
    const { rounds, failures, histogram } = await fuzz({
      seed: SEED,
      grain: COARSE,
      shots: 3,
      lanes: 4,
      isEnough: (rounds, { empty }) => rounds >= MOST_ROUNDS || empty().length === 0,
      say: console.error,
    })
    console.log(`${histogram.text()}\n${rounds} rounds`)
    expect(failures).toEqual([])
    expect(histogram.empty(), 'empty cells').toEqual([])
  },
  MOST_MS,
)

describe('the fuzzer', () => {
  test('plays the same plan again for the same seed, round and cells, and others for others', () => {
    const cells = [cellOf('recoverer/tearing/KILL'), cellOf('process/tearing/STOP')]
    const [plan, again, next] = [makePlan(7, 3, cells), makePlan(7, 3, cells), makePlan(7, 4, cells)]
    expect(again).toEqual(plan)
    expect(next).not.toEqual(plan)
    expect(plan.deathAt).not.toBeNull()
  })

  test('aims at the emptiest cell, and tells which are empty', () => {
    const histogram = makeHistogram(nameOf)
    const last = cellOf('stage/tearing/HUP')
    for (const cell of CELLS) if (cell !== last) histogram.hit(cell)
    expect(histogram.empty()).toEqual([nameOf(last)])
    expect(histogram.emptiest(makeRandom(1), () => true)).toBe(last)
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
  ])('%s', (_, runs, trace, told) => {
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
    const faults = judgeRuns(root, join(root, 'trace'))
    rmSync(root, { recursive: true })
    if (told === null) expect(faults).toEqual([])
    else expect(faults.join('\n')).toMatch(told)
  })
})
