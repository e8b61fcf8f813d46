import { type AboutRun, aboutRun, type EventLog } from './events.ts'
import type { Journal, StageRecord, TeardownReport } from './journal.ts'
import type { RunRow } from './ports.ts'
import { KEPT } from './run.ts'

/** A step of a run's own way, as its journal has it. */
interface Transition {
  /** Names it within its run. */
  readonly key: string
  /** Records that have come so far know of it. */
  readonly isKnownTo: (row: Progress) => boolean
  readonly tell: (log: EventLog, about: AboutRun) => void
}

type Progress = Pick<RunRow, 'id' | 'recipe' | 'domain' | 'pr' | 'state' | 'stage'>

export interface Telling {
  /**
   * Tells the log of each step that the journal has and that was not told of before. Of a run that is met for the first time, those that its
   * record knows already are an earlier service's, and were told by it: it tells before it records.
   */
  readonly tell: (row: Progress, journal: Journal) => void
  /** The run is over. */
  readonly forget: (runId: string) => void
}

/** Each step of a run is told once; a service that dies between telling and recording leaves the next one to tell those steps again. */
export function tellingTo(log: EventLog): Telling {
  const toldOf = new Map<string, Set<string>>()
  return {
    tell(row, journal) {
      const all = transitionsOf(journal)
      const told =
        toldOf.get(row.id) ?? new Set(all.filter((one) => one.isKnownTo(row)).map(({ key }) => key))
      toldOf.set(row.id, told)
      for (const { key, tell } of all) {
        if (told.has(key)) continue
        told.add(key)
        tell(log, aboutRun(row))
      }
    },
    forget: (runId) => void toldOf.delete(runId),
  }
}

/** In the order in which they have come. */
function transitionsOf(journal: Journal): readonly Transition[] {
  const stages = journal.stages.flatMap((stage, index) => stageOf(stage, index, journal))
  const stopAtMs = journal.stop?.atMs ?? Number.POSITIVE_INFINITY
  const after = stages.findIndex(({ atMs }) => atMs >= stopAtMs)
  const stopIndex = after < 0 ? stages.length : after
  return [
    ...begun(journal),
    ...stages.slice(0, stopIndex),
    ...stopped(journal),
    ...stages.slice(stopIndex),
    ...kept(journal),
    ...recovering(journal),
    ...tornDown(journal),
  ]
}

interface StageTransition extends Transition {
  readonly atMs: number
}

function begun({ processes, planned, prepareFault }: Journal): readonly Transition[] {
  const all: Transition[] = []
  if (processes > 0)
    all.push({ key: 'locked', isKnownTo: isLive, tell: (log, about) => log.info(about, 'run.locked') })
  if (planned !== null)
    all.push({
      key: 'prepared',
      isKnownTo: ({ state, stage }) =>
        state === 'tearing_down' || stage === KEPT || planned.includes(stage ?? ''),
      tell: (log, about) => log.info({ ...about, fault: prepareFault }, 'run.prepared'),
    })
  return all
}

function recovering({ processes }: Journal): readonly Transition[] {
  if (processes < 2) return []
  return [
    {
      key: `process ${processes}`,
      isKnownTo: () => false,
      tell: (log, about) => log.warn({ ...about, processes }, 'run.recovering'),
    },
  ]
}

function stageOf(
  { name, outcome, exitCode, startedAtMs, endedAtMs }: StageRecord,
  index: number,
  { stages }: Journal,
): readonly StageTransition[] {
  const reached = ({ state, stage }: Progress) =>
    state === 'tearing_down' || stage === KEPT ? stages.length : stages.findIndex((one) => one.name === stage)
  const started: StageTransition = {
    key: `stage ${index} started`,
    atMs: startedAtMs,
    isKnownTo: (row) => reached(row) >= index,
    tell: (log, about) => log.info({ ...about, stage: name }, 'stage.started'),
  }
  if (outcome === null || endedAtMs === null) return [started]
  const tookMs = Math.max(0, endedAtMs - startedAtMs)
  const ended: StageTransition = {
    key: `stage ${index} ended`,
    atMs: endedAtMs,
    isKnownTo: (row) => reached(row) > index,
    tell: (log, about) => log.info({ ...about, stage: name, outcome, exitCode, tookMs }, 'stage.ended'),
  }
  return [started, ended]
}

function stopped({ stop }: Journal): readonly Transition[] {
  if (stop === null) return []
  const { reason } = stop
  return [
    {
      key: 'stopping',
      isKnownTo: isTearing,
      tell: (log, about) => log.info({ ...about, reason }, 'run.stopping'),
    },
  ]
}

function kept({ kept, keepMs }: Journal): readonly Transition[] {
  if (!kept) return []
  return [
    {
      key: 'kept',
      isKnownTo: (row) => isTearing(row) || row.stage === KEPT,
      tell: (log, about) => log.info({ ...about, forMs: keepMs }, 'run.kept'),
    },
  ]
}

function tornDown({ teardownStarted, teardown }: Journal): readonly Transition[] {
  const all: Transition[] = []
  if (teardownStarted)
    all.push({
      key: 'teardown started',
      isKnownTo: isTearing,
      tell: (log, about) => log.info(about, 'teardown.started'),
    })
  if (teardown !== null)
    all.push({
      key: 'teardown ended',
      isKnownTo: () => false,
      tell: (log, about) => tellEnd(log, about, teardown),
    })
  return all
}

function tellEnd(log: EventLog, about: AboutRun, { verified, tookMs, ended, left }: TeardownReport): void {
  if (verified) log.info({ ...about, tookMs, ended }, 'teardown.verified')
  else log.warn({ ...about, tookMs, ended, left }, 'teardown.unverified')
}

function isLive({ state }: Progress): boolean {
  return state === 'running' || state === 'tearing_down'
}

function isTearing({ state }: Progress): boolean {
  return state === 'tearing_down'
}
