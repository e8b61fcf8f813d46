import { HarnessError } from '../errors.ts'
import type { Suspect } from '../lock/deadRuns.ts'
import { lockStandOf, type NameLook, type NameState } from '../lock/look.ts'
import type { Annotations } from '../model/annotations.ts'
import type { Conductor } from '../model/conductor.ts'
import {
  deferringStage,
  EMPTY_JOURNAL,
  type Entry,
  isVerified,
  type StopRequest,
  type TeardownReport,
} from '../model/journal.ts'
import { type Level, levelOf } from '../model/level.ts'
import type { Name } from '../model/names.ts'
import type { BrokenRun, RunRow } from '../model/ports.ts'
import { lockLine, type ProofLine, proofLines } from '../model/proofLines.ts'
import { isLive, isOver, type RunState, type ShownState, type Verdict } from '../model/run.ts'
import type { RunLook } from '../store/runLook.ts'
import type { Artefacts, WebWorld } from './ports.ts'
import { type Step, timelineOf } from './timeline.ts'

/** What a run is about, from its row or, for a run in the foreground, from its folder. */
export type RunAbout = Pick<
  RunRow,
  'recipe' | 'repository' | 'pr' | 'sha' | 'domain' | 'names' | 'actor' | 'arguments' | 'cloneUrl' | 'keepMs'
>

/** All that a page says of one run: its row in the store and its folder, together. Times are wall clock, milliseconds. */
export interface RunView {
  readonly id: string
  readonly state: RunState
  /** It is under way by its records, and no process has it any more. */
  readonly dead: boolean
  readonly about: RunAbout | null
  readonly verdict: Verdict | null
  /** False = it is over and a teardown has not been proved: its names stay dirty. */
  readonly cleaned: boolean
  /** Place in the queue, from 1. */
  readonly position: number | null
  readonly waitsFor: string | null
  readonly stop: StopRequest | null
  /** The stage that a stop has to wait for: it may not be interrupted. */
  readonly deferredBy: string | null
  /** Who has it, or had it last, and with that its end; null = no process has written that it has it. */
  readonly conductor: Conductor | null
  readonly queuedAtMs: number | null
  readonly startedAtMs: number | null
  readonly concludedAtMs: number | null
  readonly containment: string | null
  /** How far its stack has come; null = no stage was about one. */
  readonly level: Level | null
  /** Its names, and how each stands to it; null = another's, or free. */
  readonly names: readonly { readonly name: Name; readonly state: NameState | null }[]
  readonly timeline: readonly Step[]
  readonly teardown: TeardownReport | null
  readonly cleanings: readonly TeardownReport[]
  /** What was ended of it, and what shows that. */
  readonly proof: readonly ProofLine[]
  /** What its stages said of files; null = nothing, or not known before its end. */
  readonly annotations: Annotations | null
  readonly journal: readonly Entry[]
  readonly logs: readonly string[]
  /** What its stages have left as artefacts. */
  readonly artefacts: Artefacts
  /** What of its record or its folder cannot be read. */
  readonly fault: string | null
}

const NO_ARTEFACTS: Artefacts = { files: [], faults: [] }

/** @returns null = neither the store nor the state folder knows the run */
export async function viewOfRun(world: WebWorld, id: string): Promise<RunView | null> {
  const { row, broken } = await recordOf(world, id)
  const look = world.runLook(id)
  if (row === null && look === null && broken === null) return null
  const queued = row?.state === 'queued' ? await world.store.queued() : []
  return {
    id,
    position: queued.findIndex((other) => other.id === id) + 1 || null,
    ...fromRow(row),
    ...fromLook(look, broken),
    ...fromBoth(world, id, row, look),
    ...(broken !== null && look === null ? { state: broken.state, dead: false } : {}),
  }
}

function fromRow(row: RunRow | null) {
  return { waitsFor: row?.waitsFor ?? null }
}

/** The rest of a run can be shown without its record. */
async function recordOf({ store }: WebWorld, id: string) {
  try {
    return { row: await store.run(id), broken: null }
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== 'RUN_UNREADABLE') throw error
    return { row: null, broken: (await store.broken()).find((run) => run.id === id) ?? null }
  }
}

function fromLook(look: RunLook | null, broken: BrokenRun | null) {
  return {
    containment: look?.journal.containmentLevel ?? null,
    level: look === null ? null : levelOf(look.journal),
    teardown: look?.journal.teardown ?? null,
    cleanings: look?.journal.cleanings ?? [],
    fault: broken?.fault ?? look?.fault ?? null,
  }
}

function fromBoth(world: WebWorld, id: string, row: RunRow | null, look: RunLook | null) {
  const state = stateOf(row, look)
  const journal = look === null ? [] : world.journalEntries(id)
  const about = row ?? look?.request ?? null
  const names = look?.request?.names ?? row?.names ?? []
  return {
    state,
    dead: deadRows(world, [{ id, state, names }]).has(id),
    about,
    verdict: verdictOf(row, look),
    cleaned: !isOver(state) || look === null || look.result?.verified === true || isVerified(look.journal),
    stop: row?.stop ?? look?.journal.stop ?? null,
    deferredBy: look === null || isOver(state) ? null : deferringStage(look.journal),
    conductor: look === null ? null : world.conductor(look.journal),
    queuedAtMs: row?.enqueuedAtMs ?? look?.request?.requestedAtMs ?? null,
    startedAtMs: look?.journal.firstProcess?.at ?? row?.startedAtMs ?? null,
    concludedAtMs: journal.find(({ event }) => event === 'concluded')?.at ?? row?.concludedAtMs ?? null,
    ...fromKernel(world, id, names, look, isOver(state)),
    annotations: look === null ? null : world.annotations(id),
    journal,
    timeline: timelineOf(journal, isOver(state)),
    logs: look === null ? [] : world.logNames(id),
    artefacts: look === null ? NO_ARTEFACTS : world.artefacts(id),
  }
}

/** The folder knows the end before the store does; a run that the reaper gave up has no end in its folder. */
function stateOf(row: RunRow | null, look: RunLook | null): RunState {
  if (look?.result != null) return 'concluded'
  if (row !== null && (isOver(row.state) || look === null)) return row.state
  if (look?.journal.teardownStarted === true) return 'tearing_down'
  return (look?.journal.processes ?? 0) === 0 ? 'starting' : 'running'
}

/** What of a run is shown as its state. */
export function shownState({ state, dead }: Pick<RunView, 'state' | 'dead'>): ShownState {
  return dead ? 'dead' : state
}

/** Those of the rows that are under way and that no process has any more. */
export function deadRows(
  world: Pick<WebWorld, 'dead'>,
  rows: readonly (Suspect & { readonly state: RunState })[],
): ReadonlySet<string> {
  return world.dead(rows.filter(({ state }) => isLive(state)))
}

function verdictOf(row: RunRow | null, look: RunLook | null): Verdict | null {
  const verdict = row?.verdict ?? look?.result ?? look?.journal.verdict ?? null
  if (verdict === null) return null
  const { conclusion, reason, title, exitCode } = verdict
  return { conclusion, reason, title, exitCode }
}

/** Of the locks of a run that is under way, or that no process ever had, nothing is to be proved. */
function fromKernel(
  world: WebWorld,
  id: string,
  names: readonly Name[],
  look: RunLook | null,
  over: boolean,
) {
  const looks = world.names().filter(({ name }) => names.includes(name))
  const journal = look?.journal ?? EMPTY_JOURNAL
  const hasLocks = over && journal.processes > 0
  const locks = hasLocks ? [lockLine(names, lockStandOf(looks, id, names, journal))] : []
  return { names: namesOf(looks, id, names), proof: [...proofLines(journal), ...locks] }
}

function namesOf(all: readonly NameLook[], id: string, names: readonly Name[]): RunView['names'] {
  const looks = new Map(all.map((look) => [look.name, look]))
  return names.map((name) => {
    const look = looks.get(name)
    return { name, state: look?.run === id ? look.state : null }
  })
}
