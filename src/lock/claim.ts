import { closeSync } from 'node:fs'
import { messageOf } from '../errors.ts'
import { type CleaningDue, cleaningDue } from '../model/cleaning.ts'
import { EMPTY_JOURNAL, isVerified, type Journal } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import { conclude } from '../model/verdict.ts'
import { removeIfThere } from '../store/durable.ts'
import { openJournalFile } from '../store/journalFile.ts'
import { writeResult } from '../store/result.ts'
import {
  hasRunFolder,
  noteStop,
  type RunPaths,
  readJournal,
  readRequest,
  runPaths,
} from '../store/runFolder.ts'
import { lockPath, type StatePaths } from '../store/stateFolder.ts'
import { clearMark, peekMark, readMark } from './lockFile.ts'
import { type Held, letGo, tryAcquire } from './nameLocks.ts'
import { openRuns } from './openRuns.ts'
import { clearMarks } from './release.ts'
import { tryFlock } from './syscalls.ts'

/** `elsewhere`: somebody else conducted the run, or only looked at it under its lock at that moment. */
export type Recovery = 'done' | 'elsewhere'

/** Launches the wrapper of a run that nobody conducts, with these locks, and resolves when it has ended. */
export interface Recoverer {
  /** Who recovers, for the journal: `janitor`, `service`, `run <id>`. */
  readonly by: string
  /** Clean even where a failed cleaning has its pause, or the name is blocked: a sweep does. */
  readonly insist: boolean
  readonly recover: (run: RunPaths, held: Held) => Promise<Recovery>
  /** Hears of runs that this recovers, or concludes for processes that are gone. */
  readonly note?: NoteTakeOver
}

export type Claim =
  | (Held & { readonly recovered: readonly string[] })
  /** Somebody has the name, or conducts a run that was there; `run` is null when no mark says which. */
  | { readonly kind: 'busy'; readonly name: Name; readonly run: string | null }
  /** The name is free and cannot be cleaned now. */
  | { readonly kind: 'dirty'; readonly run: string; readonly due: CleaningDue; readonly why: string }

/**
 * Takes the locks of the names (sorted), or none, and recovers under them what the last holders left, before anybody uses the names. What a
 * probe finds free it acts on under that same acquisition.
 * @throws HarnessError LOCK_FILE; then nothing is held
 */
export async function claim(paths: StatePaths, names: readonly Name[], recoverer: Recoverer): Promise<Claim> {
  const held = tryAcquire(paths, names)
  if (held.kind === 'busy') return { ...held, run: runOfMark(paths, held.name) }
  return claimHeld(paths, held, recoverer)
}

/** Recovers what the last holders of these names left; what cannot be cleaned now is let go. */
export async function claimHeld(paths: StatePaths, held: Held, recoverer: Recoverer): Promise<Claim> {
  try {
    const settled = await settleAll(paths, held, recoverer)
    if (settled.kind === 'clean') return { ...held, recovered: settled.recovered }
    letGo(held)
    return settled
  } catch (error) {
    letGo(held)
    throw error
  }
}

/**
 * Claims the first of the variants that can be had: the same names, each time with another user for the stages. A user that is busy, or whose
 * last run cannot be cleaned, is passed over; where one of the names themselves stands in the way the others are not tried.
 * @returns when none can be had: what will pass by itself rather than what will not
 */
export async function claimAny(
  paths: StatePaths,
  names: readonly Name[],
  variants: readonly (readonly Name[])[],
  recoverer: Recoverer,
): Promise<Claim> {
  const refused: Exclude<Claim, Held>[] = []
  for (const variant of variants) {
    const claimed = await claim(paths, variant, recoverer)
    if (claimed.kind === 'held') return claimed
    if (standsAt(paths, claimed, names)) return claimed
    refused.push(claimed)
  }
  const [first] = refused
  if (first === undefined) throw new Error('there is no variant of the names')
  return refused.find((claimed) => !isHopeless(claimed)) ?? first
}

/** Nobody but a person, or a sweep, can make these names usable. */
export function isHopeless(claimed: Claim): boolean {
  return claimed.kind === 'dirty' && claimed.due.kind === 'blocked'
}

/** Is it at one of these names that the claim was refused. */
function standsAt(paths: StatePaths, claimed: Exclude<Claim, Held>, names: readonly Name[]): boolean {
  if (claimed.kind === 'busy') return names.includes(claimed.name)
  const open = openRuns(paths).filter(({ run }) => run === claimed.run)
  return names.some(
    (name) =>
      runOfMark(paths, name) === claimed.run ||
      open.some(({ run, locks }) => namesOfOpen(paths, run, locks).includes(name)),
  )
}

/** The run that a name's mark names, for people; takes no lock. */
export function runOfMark(paths: StatePaths, name: Name): string | null {
  const mark = peekMark(lockPath(paths, name))
  return typeof mark === 'string' ? null : mark.run
}

type Settled = { readonly kind: 'clean'; readonly recovered: readonly string[] } | Exclude<Claim, Held>

async function settleAll(paths: StatePaths, held: Held, recoverer: Recoverer): Promise<Settled> {
  const recovered: string[] = []
  for (const run of dirtyRuns(paths, held)) {
    const settled = await settle(paths, run, held, recoverer)
    if (settled.kind !== 'clean') return settled
    recovered.push(...settled.recovered)
  }
  clearStrayMarks(held)
  return { kind: 'clean', recovered }
}

/** Runs that a mark names, or that are open and name one of these locks. */
export function dirtyRuns(paths: StatePaths, held: Held): ReadonlySet<string> {
  const marked = held.fds.map(readMark).flatMap((mark) => (typeof mark === 'string' ? [] : [mark.run]))
  const open = openRuns(paths).filter((entry) =>
    namesOfOpen(paths, entry.run, entry.locks).some((name) => held.names.includes(name)),
  )
  return new Set([...marked, ...open.map((entry) => entry.run)])
}

/** An entry that cannot be read stands for all names of its run. */
function namesOfOpen(paths: StatePaths, run: string, locks: readonly Name[]): readonly Name[] {
  return locks.length > 0 ? locks : (readableNames(runPaths(paths, run)) ?? [])
}

/** A torn mark was written after its run's entry in `open/`: once all of those are cleaned it is nobody's. */
function clearStrayMarks(held: Held): void {
  for (const fd of held.fds) if (readMark(fd) === 'unreadable') clearMark(fd)
}

/** Cleans one run, or says why that is not to be had now. A run whose teardown is verified is only concluded and cleared, never torn down again. */
async function settle(paths: StatePaths, id: string, held: Held, recoverer: Recoverer): Promise<Settled> {
  const run = runPaths(paths, id)
  if (!hasRunFolder(run)) return blocked(id, `its folder ${run.folder} is gone`)
  const names = readableNames(run)
  if (names === null) return blocked(id, `${run.request} cannot be read`)
  let recovery: Recovery = 'done'
  for (const recovered of [[], [id]]) {
    const seen = underRunLock(run, (journal) => {
      if (isVerified(journal)) endVerified(paths, run, journal, held, recoverer)
      return journal
    })
    if (seen !== null && isVerified(seen)) return { kind: 'clean', recovered }
    if (seen === null || recovery === 'elsewhere')
      return { kind: 'busy', name: sharedName(names, held), run: id }
    const due = recoverer.insist ? ({ kind: 'now' } as const) : cleaningDue(seen, Date.now())
    if (due.kind !== 'now' || recovered.length > 0)
      return { kind: 'dirty', run: id, due: laterOf(due, seen), why: whatIsLeft(seen) }
    noteStop(run, { reason: 'abandoned', by: recoverer.by, atMs: Date.now() })
    recoverer.note?.({ run: id, how: 'recovered', by: recoverer.by, from: seen.lastProcess })
    recovery = await recoverer.recover(run, shareOf(names, held))
  }
  throw new Error(`unreachable: run ${id} was neither cleaned nor found dirty`)
}

/** Its processes may have died between their teardown and their result: nobody comes again once the marks are cleared. */
function endVerified(
  paths: StatePaths,
  run: RunPaths,
  journal: Journal,
  held: Held,
  { by, note }: Recoverer,
): void {
  const request = readRequest(run)
  const verdict = journal.verdict ?? conclude(journal)
  removeIfThere(run.reserve)
  if (writeResult(run, request, { ...journal, verdict }))
    note?.({ run: run.id, how: 'concluded', by, from: journal.lastProcess })
  clearMarks(paths, run.id, request.names, held)
}

/** After a cleaning that failed just now the next one is due later, whoever insists. */
function laterOf(due: CleaningDue, journal: Journal): CleaningDue {
  return due.kind === 'now' ? cleaningDue(journal, journal.lastAtMs ?? 0) : due
}

function blocked(run: string, why: string): Settled {
  return { kind: 'dirty', run, due: { kind: 'blocked', failures: 0 }, why }
}

function whatIsLeft(journal: Journal): string {
  const report = journal.cleanings.at(-1) ?? journal.teardown
  return report === null ? 'its teardown has not ended' : report.left.join('; ')
}

function readableNames(run: RunPaths): readonly Name[] | null {
  try {
    return readRequest(run).names
  } catch {
    return null
  }
}

/** Only the locks of the run's own names are given to its recovery. */
function shareOf(names: readonly Name[], held: Held): Held {
  const shared = held.names.flatMap((name, index) =>
    names.includes(name) ? [{ name, fd: held.fds[index] ?? -1 }] : [],
  )
  return { kind: 'held', names: shared.map(({ name }) => name), fds: shared.map(({ fd }) => fd) }
}

/** The first of the run's names that is held here. */
function sharedName(names: readonly Name[], held: Held): Name {
  return held.names.find((name) => names.includes(name)) ?? held.names[0] ?? ''
}

/** Looks at a run's journal while nobody conducts the run; null = somebody does. A journal that cannot be read, or stands there no more, is one that needs recovery. */
function underRunLock(run: RunPaths, act: (journal: Journal) => Journal): Journal | null {
  const fd = openJournalFile(run.journal)
  if (fd === null) return act(journalOf(run))
  try {
    return tryFlock(fd) ? act(journalOf(run)) : null
  } finally {
    closeSync(fd)
  }
}

function journalOf(run: RunPaths): Journal {
  try {
    return readJournal(run)
  } catch (error) {
    return { ...EMPTY_JOURNAL, prepareFault: messageOf(error) }
  }
}
