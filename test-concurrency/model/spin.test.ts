import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { HAS_SPIN } from '../fixtures/needs.ts'

const MODEL = fileURLToPath(new URL('berth.pml', import.meta.url))

const LOCKS = ['LOCKS=2']
const LIVE_RUNS = ['NO_UNLINK', 'KILLS=0']
const DEAD_RUN = ['DEAD', 'NO_UNLINK']
const TWO_NAMES = ['DEAD', 'NO_UNLINK', 'NAMES0=3', 'KILLS=0']

/** What is explored to its last state, and found without a fault. */
const SAFE: Readonly<Record<string, readonly string[]>> = {
  'two acquirers, two turns each, and two janitors that unlink': LOCKS,
  'two live runs on one name, a janitor that cleans': LIVE_RUNS,
  'a dead run, another on its name, a janitor that cleans and unlinks, a death': ['DEAD'],
  'a dead run’s two names, another run on one of them, a janitor that cleans and unlinks': [
    'DEAD',
    'NAMES0=3',
    'KILLS=0',
  ],
}

/** The scenario, with the rule left out, in which Spin finds a fault. */
const UNSAFE: Readonly<Record<string, readonly string[]>> = {
  'who has locked compares descriptor and path': [...LOCKS, 'NO_COMPARE'],
  'the janitor does so, too': [...LOCKS, 'JANITOR_NO_COMPARE'],
  'the comparison comes after the lock': [...LOCKS, 'EARLY_COMPARE'],
  'the janitor unlinks before it closes': [...LOCKS, 'CLOSE_THEN_UNLINK'],
  'who has the lock looks for marks and open runs': [...DEAD_RUN, 'NO_LOOK'],
  'the run holds its locks until its teardown is verified': [...DEAD_RUN, 'HOLDS_TOO_SHORT'],
  'who recovers asks the run to stop first': [...DEAD_RUN, 'NO_STOP'],
  'the recovery is given the locks': [...DEAD_RUN, 'NO_HANDOVER'],
  'the wrapper holds the locks, too': [...DEAD_RUN, 'WRAPPER_LETS_GO'],
  'who conducts or recovers a run has the lock of its journal': [...TWO_NAMES, 'NO_RUN_LOCK'],
  'a run whose teardown is verified is never torn down again': [...TWO_NAMES, 'TORN_AGAIN'],
  'nothing can join a stage that was ended': [...LIVE_RUNS, 'LATE_JOIN'],
}

/** Everything is clean for good at some time, if each process that can always go on does so. */
const SETTLES = [...DEAD_RUN, 'KILLS=0', 'LIVE']
const FAIRLY = ['-a', '-f']

describe.skipIf(!HAS_SPIN)(
  'the model of the locks in Promela (needs spin and gcc)',
  { timeout: 600_000 },
  () => {
    test.each(Object.entries(SAFE))('R-LCK-05 R-LCK-06 R-LCK-16 is safe: %s', (_, macros) => {
      expect(check(macros)).toEqual({ errors: 0, complete: true })
    })

    test.each(Object.entries(UNSAFE))('R-LCK-05 R-LCK-16 is found unsafe without: %s', (_, macros) => {
      expect(check(macros).errors).toBe(1)
    })

    test('R-LCK-15 R-JAN-05 a dead run’s waiter gets its name, and nothing stays dirty, whoever is slow', () => {
      expect(check(SETTLES, FAIRLY)).toEqual({ errors: 0, complete: true })
      expect(check([...SETTLES, 'NO_LOOK'], FAIRLY).errors).toBe(1)
    })
  },
)

interface Verdict {
  readonly errors: number
  /** Every state was visited: neither the depth nor the memory was too small. */
  readonly complete: boolean
}

/**
 * Exhaustive, with partial order reduction (but for liveness under weak fairness, where Spin decides). To make the program fast takes the
 * compiler longer than it gains.
 */
function check(macros: readonly string[], options: readonly string[] = []): Verdict {
  const folder = mkdtempSync(join(tmpdir(), 'berth-spin-'))
  const run = (command: string, ...words: readonly string[]): string =>
    execFileSync(command, words, { cwd: folder, encoding: 'utf8', maxBuffer: 2 ** 26 })
  const kind = options.length > 0 ? ['-DNFAIR=4', '-DCOLLAPSE'] : ['-DSAFETY']
  try {
    run('spin', '-a', ...macros.map((macro) => `-D${macro}`), MODEL)
    run('gcc', '-O0', '-w', ...kind, '-DVECTORSZ=2048', '-DMEMLIM=4000', '-o', 'pan', 'pan.c')
    const said = run('./pan', '-m2000000', ...options)
    const errors = Number(/errors: (\d+)/.exec(said)?.[1] ?? Number.NaN)
    return { errors, complete: !/max search depth too small|out of memory|Search not completed/.test(said) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
