import type { Aim } from './aim.ts'
import type { Ending } from './ending.ts'
import type { EngineEnding } from './engineEnding.ts'
import type { Outcome, Verdict } from './run.ts'

/** A process for certain: a pid alone is used again (boot id, pid, field 22 of /proc/PID/stat). */
export interface ProcessIdentity {
  readonly pid: number
  readonly startTime: string
  readonly boot: string
}

/** Why a run was told to stop. */
export const STOP_REASONS = [
  'cancelled',
  'superseded',
  'pr_closed',
  'repository_gone',
  'installation_gone',
  'interrupted',
  'terminated',
  'caller_gone',
  'deadline',
  'abandoned',
  'lock_lost',
  'fault',
] as const
export type StopReason = (typeof STOP_REASONS)[number]

export interface StopRequest {
  readonly reason: StopReason
  /** Who or what asked: an actor, `SIGTERM`, `janitor`… */
  readonly by: string
  readonly atMs: number
}

/** How a stage's processes are kept together, and found again by whoever recovers the run. */
export type Containment =
  | { readonly kind: 'cgroup'; readonly path: string }
  | NamespacePart
  | { readonly kind: 'sweep'; readonly run: string; readonly stage: string }

/** A stage's part of its run's PID namespace: the first process of it, which takes all others with it; an empty `stage` is the whole. */
export interface NamespacePart extends ProcessIdentity {
  readonly kind: 'pid-namespace'
  /** Number of the namespace, as in the link /proc/PID/ns/pid; the kernel gives it to another one when it is gone. */
  readonly inode: number
  readonly run: string
  readonly stage: string
}

/** What teardown could prove: how many processes it ended, how long all of it took, what is left. */
export interface TeardownReport {
  readonly verified: boolean
  readonly ended: number
  /** Null in journals of an older berth, and where a person's word stands for it. */
  readonly ending: Ending | null
  /** Of a run that has put something up on an engine; none in journals of an older berth. */
  readonly engine?: EngineEnding
  readonly tookMs: number
  /** Each thing that is left or went wrong, named; empty when verified. */
  readonly left: readonly string[]
  /** The recipe's command did not end within its time. */
  readonly timedOut?: true
}

/** Wall clock for people, monotonic clock (of one boot) for budgets; both in milliseconds. */
export interface EntryTime {
  readonly at: number
  readonly mono: number
}

export interface ProcessStarted extends ProcessIdentity {
  readonly event: 'process.started'
  readonly wrapper: number
}

export type EntryBody =
  | ProcessStarted
  | {
      readonly event: 'prepared'
      readonly stages: readonly string[]
      readonly keepMs: number
      readonly containment: string
      readonly fault: string | null
      /** Secrets that the recipe asks for, and the run's code does not get. None in journals of an older berth. */
      readonly withheld?: readonly string[]
    }
  | {
      readonly event: 'stage.started'
      readonly name: string
      readonly containment: Containment
      /** Only of a stage that is. None in journals of an older berth. */
      readonly uninterruptible?: boolean
    }
  | {
      readonly event: 'stage.ended'
      readonly name: string
      readonly outcome: Outcome
      readonly exitCode: number | null
      readonly detail: string
      /** Null = it ended by itself. */
      readonly ending: Ending | null
      /** Only of a stage that works with a stack. None in journals of an older berth. */
      readonly aim?: Aim
    }
  | { readonly event: 'stop.requested'; readonly stop: StopRequest }
  | { readonly event: 'kept'; readonly forMs: number }
  | { readonly event: 'teardown.started'; readonly containment: Containment }
  | { readonly event: 'teardown.ended'; readonly report: TeardownReport }
  | { readonly event: 'concluded'; readonly verdict: Verdict }
  | { readonly event: 'cleaned'; readonly report: TeardownReport }

export type Entry = EntryTime & EntryBody

export interface StageRecord {
  readonly name: string
  readonly uninterruptible?: boolean
  readonly startedAtMs: number
  readonly endedAtMs: number | null
  /** null = begun and not ended. */
  readonly outcome: Outcome | null
  readonly exitCode: number | null
  readonly detail: string
  /** Null = it has ended by itself, or not yet. */
  readonly ending: Ending | null
  readonly aim?: Aim
}

/** A run's journal as one record: all that anybody decides from. */
export interface Journal {
  readonly entries: number
  readonly processes: number
  readonly firstProcess: (ProcessIdentity & EntryTime) | null
  readonly lastProcess: (ProcessStarted & EntryTime) | null
  /** Names of the planned stages; null = not prepared yet. */
  readonly planned: readonly string[] | null
  readonly prepareFault: string | null
  readonly withheld: readonly string[]
  readonly keepMs: number
  readonly kept: boolean
  readonly containments: readonly Containment[]
  readonly containmentLevel: string | null
  readonly stages: readonly StageRecord[]
  /** The first stop that came before teardown; later ones change nothing. */
  readonly stop: StopRequest | null
  readonly teardownStarted: boolean
  readonly teardown: TeardownReport | null
  /** The teardown was not the first process's own, but a recovery's. */
  readonly tornDownInRecovery: boolean
  readonly verdict: Verdict | null
  readonly cleanings: readonly (TeardownReport & EntryTime)[]
  /** A process has started since the last attempt at teardown ended: it owes another one if that was not verified. */
  readonly freshProcess: boolean
  readonly lastAtMs: number | null
}

export const EMPTY_JOURNAL: Journal = {
  entries: 0,
  processes: 0,
  firstProcess: null,
  lastProcess: null,
  planned: null,
  prepareFault: null,
  withheld: [],
  keepMs: 0,
  kept: false,
  containments: [],
  containmentLevel: null,
  stages: [],
  stop: null,
  teardownStarted: false,
  teardown: null,
  tornDownInRecovery: false,
  verdict: null,
  cleanings: [],
  freshProcess: false,
  lastAtMs: null,
}

/** The journal with one more entry. */
export function withEntry(journal: Journal, entry: Entry): Journal {
  return { ...journal, ...changeBy(journal, entry), entries: journal.entries + 1, lastAtMs: entry.at }
}

/** Nothing of the run is left, and a teardown has proved it. */
export function isVerified(journal: Journal): boolean {
  return journal.teardown?.verified === true || journal.cleanings.some((cleaning) => cleaning.verified)
}

/** The stage that a stop has to wait for: it is under way and may not be interrupted. Null = a stop is carried out at once. */
export function deferringStage({ stages, processes, teardownStarted }: Journal): string | null {
  const stage = stages.at(-1)
  const isUnderWay = stage !== undefined && stage.outcome === null && processes === 1 && !teardownStarted
  return isUnderWay && stage.uninterruptible === true ? stage.name : null
}

/** In its last stage, or past it. */
export function isNearItsEnd({ planned, stages, teardownStarted }: Journal): boolean {
  return teardownStarted || (planned !== null && stages.length >= planned.length)
}

function changeBy(journal: Journal, entry: Entry): Partial<Journal> {
  switch (entry.event) {
    case 'process.started':
      return {
        processes: journal.processes + 1,
        firstProcess: journal.firstProcess ?? entry,
        lastProcess: entry,
        freshProcess: true,
      }
    case 'prepared':
      return {
        planned: entry.stages,
        prepareFault: entry.fault,
        withheld: entry.withheld ?? [],
        keepMs: entry.keepMs,
        containmentLevel: entry.containment,
      }
    case 'stage.started':
      return {
        containments: [...journal.containments, entry.containment],
        stages: [...journal.stages, begun(entry)],
      }
    case 'stage.ended':
      return {
        stages: journal.stages.map((stage) => (stage.name === entry.name ? ended(stage, entry) : stage)),
      }
    case 'stop.requested':
      return journal.stop === null && !journal.teardownStarted ? { stop: entry.stop } : {}
    case 'kept':
      return { kept: true }
    case 'teardown.started':
      return { teardownStarted: true, containments: [...journal.containments, entry.containment] }
    case 'teardown.ended':
      return { teardown: entry.report, tornDownInRecovery: journal.processes > 1, freshProcess: false }
    case 'concluded':
      return { verdict: journal.verdict ?? entry.verdict }
    case 'cleaned':
      return {
        cleanings: [...journal.cleanings, { ...entry.report, at: entry.at, mono: entry.mono }],
        freshProcess: false,
      }
  }
}

function begun({ name, at, uninterruptible }: Entry & { readonly event: 'stage.started' }): StageRecord {
  const open = { endedAtMs: null, outcome: null, exitCode: null, detail: '', ending: null }
  return { name, ...(uninterruptible === true ? { uninterruptible } : {}), startedAtMs: at, ...open }
}

function ended(stage: StageRecord, entry: Entry & { readonly event: 'stage.ended' }): StageRecord {
  return {
    ...stage,
    endedAtMs: entry.at,
    outcome: entry.outcome,
    exitCode: entry.exitCode,
    detail: entry.detail,
    ending: entry.ending,
    ...(entry.aim === undefined ? {} : { aim: entry.aim }),
  }
}
