import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { type Claim, claim, type Recoverer } from '../../src/lock/claim.ts'
import { lookAtNames } from '../../src/lock/look.ts'
import { type Held, letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun, openRuns } from '../../src/lock/openRuns.ts'
import { releaseByHand } from '../../src/lock/releaseByHand.ts'
import { tryFlock } from '../../src/lock/syscalls.ts'
import type { EntryBody } from '../../src/model/journal.ts'
import type { TakeOver } from '../../src/model/takeOver.ts'
import { openJournal } from '../../src/store/journalFile.ts'
import { readResult } from '../../src/store/result.ts'
import { createRunFolder, type RunPaths, readStop } from '../../src/store/runFolder.ts'
import { lockPath, type StatePaths } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const RUN = '01m7xj306c77rt39'
const STARTED: EntryBody = {
  event: 'process.started',
  pid: 999_999,
  startTime: '1',
  boot: 'another',
  wrapper: 1,
}

const PREPARED: EntryBody = { event: 'prepared', stages: [], keepMs: 0, containment: 'sweep', fault: null }

/** A run that was marked on its names and died there, with this in its journal. */
function deadRun(state: StatePaths, names: readonly string[], entries: readonly EntryBody[]): RunPaths {
  const recipe = join(state.root, 'recipe')
  mkdirSync(recipe, { recursive: true })
  const run = createRunFolder(state, requestFor(RUN, names), recipe)
  addOpenRun(state, { run: RUN, locks: names, since: 1 })
  for (const name of names)
    writeFileSync(lockPath(state, name), `${JSON.stringify({ run: RUN, locks: names, since: 1 })}\n`)
  append(run, entries)
  return run
}

/** Writes lines as a process does that has ended since: its lock went with it. */
function append(run: RunPaths, entries: readonly EntryBody[], at = 1): void {
  const lines = entries.map((body) => `${JSON.stringify({ at, mono: 1, ...body })}\n`)
  writeFileSync(run.journal, lines.join(''), { flag: 'a' })
}

function teardownEnded(verified: boolean): EntryBody {
  return {
    event: 'teardown.ended',
    report: { verified, ended: 0, ending: null, tookMs: 1, left: verified ? [] : ['a process'] },
  }
}

function recovererThat(recover: (run: RunPaths, held: Held) => Promise<unknown>): Recoverer {
  return {
    by: 'the test',
    insist: false,
    recover: async (run, held) => ((await recover(run, held)) === 'elsewhere' ? 'elsewhere' : 'done'),
  }
}

const NEVER = recovererThat(async () => {
  throw new Error('nothing was to be recovered')
})

function freed(claimed: Claim): Claim {
  if (claimed.kind === 'held') letGo(claimed)
  return claimed
}

describe('claiming a name', () => {
  test('R-LCK-11 a fresh name is clean', async () => {
    const state = stateFolder()
    expect(freed(await claim(state, ['a.example'], NEVER))).toMatchObject({ kind: 'held', recovered: [] })
  })

  test('R-LCK-13 a busy name says which run is there', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example'], [STARTED])
    const held = tryAcquire(state, ['a.example'])
    expect(await claim(state, ['a.example'], NEVER)).toEqual({ kind: 'busy', name: 'a.example', run: RUN })
    if (held.kind === 'held') letGo(held)
  })

  test('R-LCK-11 a dirty name is recovered first, with our lock, and with the stop written before', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED])
    const names: (readonly string[])[] = []
    const recovering = recovererThat(async (recovered, held) => {
      expect(recovered.id).toBe(RUN)
      expect(readStop(run)).toMatchObject({ reason: 'abandoned', by: 'the test' })
      expect(tryAcquire(state, ['a.example']).kind).toBe('busy')
      names.push(held.names)
      append(run, [teardownEnded(true)])
    })
    expect(freed(await claim(state, ['a.example', 'r:gpu'], recovering))).toMatchObject({
      kind: 'held',
      recovered: [RUN],
    })
    expect(names).toEqual([['a.example']])
    expect(readFileSync(lockPath(state, 'a.example'), 'utf8')).toBe('')
    expect(openRuns(state)).toEqual([])
  })

  test('R-LCK-15 a run whose teardown is verified is only cleared, and stays open for its other name', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example', 'b.example'], [STARTED, teardownEnded(true)])
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
    expect(readFileSync(lockPath(state, 'b.example'), 'utf8')).toContain(RUN)
    expect(openRuns(state)).toHaveLength(1)
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
    expect(freed(await claim(state, ['b.example'], NEVER)).kind).toBe('held')
    expect(openRuns(state)).toEqual([])
  })

  test('R-RUN-14 R-LCK-11 a run that died between its verified teardown and its result gets the result that its journal says', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED, PREPARED, teardownEnded(true)])
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
    expect(readResult(run)).toMatchObject({ conclusion: 'success', reason: 'passed', verified: true })
    expect(openRuns(state)).toEqual([])
  })

  test('R-JAN-09 R-LCK-15 it is told as taken over only where the result was missing: one that has its own is only cleared', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example', 'b.example'], [STARTED, PREPARED, teardownEnded(true)])
    const told: string[] = []
    const telling = { ...NEVER, note: ({ run, how, by }: TakeOver) => void told.push(`${run} ${how} ${by}`) }
    for (const name of ['a.example', 'b.example'])
      expect(freed(await claim(state, [name], telling)).kind).toBe('held')
    expect(told).toEqual([`${RUN} concluded the test`])
  })

  test('R-LCK-15 a run that somebody conducts is waited for', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED])
    expect(openJournal(run.journal, tryFlock)).not.toBeNull()
    expect(await claim(state, ['a.example'], NEVER)).toEqual({ kind: 'busy', name: 'a.example', run: RUN })
    expect(freed(tryAcquireAsClaim(state)).kind).toBe('held')
  })

  test('R-LCK-15 R-LCK-11 a run that another claimer only looked at, so that its new process went away at once, is busy and not dirty', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example'], [STARTED])
    const elsewhere = recovererThat(async () => 'elsewhere')
    expect(await claim(state, ['a.example'], elsewhere)).toEqual({
      kind: 'busy',
      name: 'a.example',
      run: RUN,
    })
    expect(freed(tryAcquireAsClaim(state)).kind).toBe('held')
  })

  test('R-LCK-15 a run that another claimer recovered meanwhile is clean', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED])
    const elsewhere = recovererThat(async () => {
      append(run, [teardownEnded(true)])
      return 'elsewhere'
    })
    expect(freed(await claim(state, ['a.example'], elsewhere))).toMatchObject({ kind: 'held' })
  })

  test('R-LCK-11 an open run without a mark makes its names dirty', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example'], [STARTED])
    writeFileSync(lockPath(state, 'a.example'), '')
    const recovered: string[] = []
    const claimed = await claim(
      state,
      ['a.example'],
      recovererThat(async ({ id }) => void recovered.push(id)),
    )
    expect(claimed).toMatchObject({ kind: 'dirty', run: RUN })
    expect(recovered).toEqual([RUN])
  })

  test('R-LCK-11 a mark makes its name dirty also where the entry of its run is lost', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example'], [STARTED])
    rmSync(join(state.open, RUN))
    const recovered: string[] = []
    const by = recovererThat(async ({ id }) => void recovered.push(id))
    expect(await claim(state, ['a.example'], by)).toMatchObject({ kind: 'dirty', run: RUN })
    expect(recovered).toEqual([RUN])
  })

  test('R-LCK-11 a torn mark is dirty by the open runs that name the lock, and nobody’s once there is none', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example'], [STARTED, teardownEnded(true)])
    writeFileSync(lockPath(state, 'a.example'), '{"run":"01m7')
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
    expect(readFileSync(lockPath(state, 'a.example'), 'utf8')).toBe('')
  })

  test('R-LCK-12 R-JAN-07 an entry of open runs that cannot be read keeps nobody from a name of another run', async () => {
    const state = stateFolder()
    mkdirSync(join(state.open, RUN))
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
  })

  test('R-LCK-11 after failed cleanings the next is due later, then never; whoever insists cleans all the same', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED, teardownEnded(false)])
    const failing = recovererThat(async () => {
      const report = { verified: false, ended: 0, ending: null, tookMs: 1, left: ['a process'] }
      append(run, [STARTED, { event: 'cleaned', report }], Date.now())
    })
    const dues: string[] = []
    const insisting = { ...failing, insist: true }
    for (const by of [failing, failing, insisting, insisting, failing]) {
      const claimed = await claim(state, ['a.example'], by)
      if (claimed.kind !== 'dirty') throw new Error(`a name that cannot be cleaned was ${claimed.kind}`)
      expect(claimed.why).toBe('a process')
      dues.push(claimed.due.kind)
    }
    expect(dues).toEqual(['later', 'later', 'later', 'blocked', 'blocked'])
    expect(lookAtNames(state)).toMatchObject([{ name: 'a.example', state: 'blocked', run: RUN }])
  })

  test('R-LCK-11 a run whose folder is gone blocks its names until a person says so', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED])
    rmSync(run.folder, { recursive: true })
    expect(await claim(state, ['a.example'], NEVER)).toMatchObject({
      kind: 'dirty',
      run: RUN,
      due: { kind: 'blocked' },
    })
    expect(releaseByHand(state, 'a.example', 'looked at it')).toEqual({ kind: 'released', runs: [RUN] })
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
  })

  test('R-JAN-10 R-LCK-11 a run whose request cannot be read blocks its names until a person says so', async () => {
    const state = stateFolder()
    const run = deadRun(state, ['a.example'], [STARTED])
    writeFileSync(run.request, '{"version":')
    expect(await claim(state, ['a.example'], NEVER)).toMatchObject({
      kind: 'dirty',
      due: { kind: 'blocked' },
    })
    expect(releaseByHand(state, 'a.example', 'looked at it')).toEqual({ kind: 'released', runs: [RUN] })
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
    expect(openRuns(state)).toEqual([])
  })

  test('R-JAN-10 R-LCK-11 a run that a lasting process has declared clean keeps none of its names: each is had by the next claim', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example', 'r:gpu'], [STARTED])
    expect(releaseByHand(state, 'a.example', 'looked at it')).toEqual({ kind: 'released', runs: [RUN] })
    expect(freed(await claim(state, ['a.example'], NEVER)).kind).toBe('held')
    expect(freed(await claim(state, ['r:gpu'], NEVER)).kind).toBe('held')
    expect(openRuns(state)).toEqual([])
  })

  test('R-JAN-10 a release by hand clears a dead run, and never a live one', async () => {
    const state = stateFolder()
    deadRun(state, ['a.example'], [STARTED])
    const held = tryAcquire(state, ['a.example'])
    expect(releaseByHand(state, 'a.example', 'looked at it')).toEqual({ kind: 'busy' })
    if (held.kind === 'held') letGo(held)
    expect(releaseByHand(state, 'a.example', 'looked at it')).toEqual({ kind: 'released', runs: [RUN] })
    expect(releaseByHand(state, 'a.example', 'again')).toEqual({ kind: 'clean' })
  })
})

/** That a claim which was refused has let its locks go. */
function tryAcquireAsClaim(state: StatePaths): Claim {
  const held = tryAcquire(state, ['a.example'])
  return held.kind === 'held' ? { ...held, recovered: [] } : { ...held, run: null }
}
