import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { loadConfig } from '../../src/config.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { EMPTY_JOURNAL, type Entry, type EntryBody, withEntry } from '../../src/model/journal.ts'
import type { Mechanism } from '../../src/model/mechanisms.ts'
import type { TakeOver } from '../../src/model/takeOver.ts'
import { tellingTo } from '../../src/model/transitions.ts'
import { createMachine } from '../../src/process/machine.ts'
import { createFollower } from '../../src/queue/follower.ts'
import type { Machine, QueueWorld } from '../../src/queue/ports.ts'
import { createReaper } from '../../src/queue/reaper.ts'
import { waitsOn } from '../../src/queue/waits.ts'
import { checkReport } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { writeResult } from '../../src/store/result.ts'
import { createRunFolder, type RunPaths, unreportedRuns } from '../../src/store/runFolder.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from '../lock/world.ts'
import { aRecipe } from '../model/policyWorld.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from '../store/samples.ts'

export const RUN = '01m7xj306c77rt39'
export const NAME = 'a.test'
/** A process of a boot before this one. */
export const STARTED: EntryBody = {
  event: 'process.started',
  pid: 4242,
  startTime: '77',
  boot: 'an earlier one',
  wrapper: 4240,
}
export const TORN_DOWN: EntryBody = {
  event: 'teardown.ended',
  report: { verified: true, ended: 0, ending: null, tookMs: 1, left: [] },
}
const CONCLUDED: EntryBody = { event: 'concluded', verdict: PASSED }
export const GREEN = [STARTED, TORN_DOWN, CONCLUDED] as const

/** Where a run stands by its record. */
type Stands = 'queued' | 'starting' | 'running'

/** The real reaper, follower, records, locks, folders and wrappers; the clock is the test's. */
export async function aScene(as: Stands = 'running') {
  const state = stateFolder()
  const store = await openStore(state.database)
  onTestFinished(() => store.close())
  const [now, broken, faults, notes] = [{ ms: 0 }, { stop: false }, [] as object[], [] as TakeOver[]]
  const told: string[] = []
  const off = new Set<Mechanism>()
  const config = {
    ...loadConfig({ env: { BERTH_STATE_DIR: state.root }, cwd: state.root }),
    baseDomain: 'test',
    runDomains: /^[a-z]+\.test$/,
  }
  const machine = createMachine({
    state,
    inForce: () => ({ config, recipes: [aRecipe('hello')] }),
    cloneToken: async () => null,
    note: (takeOver) => void notes.push(takeOver),
  })
  const underWay: Promise<unknown>[] = []
  const stopping: Machine = {
    ...machine,
    stop(id, stop) {
      if (broken.stop) throw new Error('ENOSPC: no space left on device')
      machine.stop(id, stop)
    },
    recover(row) {
      const recovered = machine.recover(row)
      underWay.push(recovered)
      return recovered
    },
  }
  const tell = (data: object, event: string) =>
    void told.push(`${event} ${'run' in data ? String(data.run) : ''}`)
  const fault = (data: object) => void faults.push(data)
  const world: QueueWorld = {
    store,
    machine: stopping,
    unreported: () => unreportedRuns(state),
    suppressed: async () => [],
    slots: () => 2,
    isOff: (mechanism) => off.has(mechanism),
    waits: waitsOn({ store, slots: () => 2, others: () => [], now: () => now.ms }),
    checkReport: (row, journal, wait) => checkReport(row, journal, { ...NO_EXTRAS, wait }),
    reportsChanged: () => undefined,
    now: () => now.ms,
    log: { info: tell, warn: tell, error: fault },
  }
  const telling = tellingTo(world.log)
  const note = (takeOver: TakeOver) => void notes.push(takeOver)
  const reaper = createReaper(world, telling, () => undefined, note)
  const follower = createFollower(world, telling, () => undefined)
  onTestFinished(() => follower.close())

  /** What a pass has begun: the last of it comes in the turns after the recoveries. */
  async function settled(): Promise<void> {
    await Promise.all(underWay)
    for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve))
  }

  async function record(id: string, name: string, stands: Stands): Promise<void> {
    const of = { names: [name], domain: name, arguments: {} }
    await store.addDelivery(aDelivery(`d-${id}`))
    await store.decide(aDecision(`d-${id}`, { runs: [aRun(id, of)], reports: [aCheck(id, 0)] }))
    if (stands === 'queued') return
    await store.change(id, 'queued', { state: 'starting', startedAtMs: 1 }, [])
    if (stands === 'running') await store.change(id, 'starting', { state: 'running' }, [])
  }

  function folder(lines: readonly EntryBody[], id: string, name: string): RunPaths {
    const recipe = join(state.root, 'recipe')
    mkdirSync(recipe, { recursive: true })
    const run = createRunFolder(state, requestFor(id, [name]), recipe)
    writeFileSync(run.journal, textOf(lines))
    return run
  }

  const marked = (run: string, name = NAME) =>
    writeFileSync(lockPath(state, name), `${JSON.stringify({ run, locks: [name], since: 1 })}\n`)

  await record(RUN, NAME, as)
  return {
    state,
    store,
    world,
    reaper,
    follower,
    note,
    notes,
    told,
    /** What the operator has switched off. */
    off,
    faults,
    now,
    broken,
    settled,
    marked,
    /** One more run by the records. */
    record,
    row: (id = RUN) => store.run(id),
    title: async () => JSON.parse((await store.lastCheck(RUN))?.body ?? '{}').output?.title,
    reports: async () => (await store.run(RUN))?.reports,
    /** Its processes have gone their whole way. */
    ended(lines: readonly EntryBody[], id = RUN, name = NAME): RunPaths {
      const run = folder(lines, id, name)
      writeResult(run, requestFor(id, [name]), entriesOf(lines).reduce(withEntry, EMPTY_JOURNAL))
      return run
    },
    /** They have left it so, marked and open. */
    died(lines: readonly EntryBody[], id = RUN, name = NAME): RunPaths {
      const run = folder(lines, id, name)
      addOpenRun(state, { run: id, locks: [name], since: 1 })
      marked(id, name)
      return run
    },
    async reapAt(nowMs: number): Promise<void> {
      now.ms = nowMs
      await reaper.pass()
      await settled()
    },
  }
}

/** @param at when they were written, milliseconds of the wall clock */
export function textOf(lines: readonly EntryBody[], at = 1): string {
  return entriesOf(lines, at)
    .map((entry) => `${JSON.stringify(entry)}\n`)
    .join('')
}

function entriesOf(lines: readonly EntryBody[], at = 1): readonly Entry[] {
  return lines.map((body) => Object.assign({ at, mono: 1 }, body))
}
