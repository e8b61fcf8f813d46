import { type Busy, endOf, medianOf, startsOf } from './estimate.ts'
import type { Name } from './names.ts'
import type { RunRow } from './ports.ts'
import type { QueuedRun } from './queued.ts'
import { KEPT } from './run.ts'

/** Who has a name that somebody waits for. Times are wall clock, milliseconds. */
export interface Holder {
  readonly name: Name
  /** Null = no run: somebody keeps the name by hand. */
  readonly run: string | null
  /** The pull request that the run belongs to; null = to none. */
  readonly pr: number | null
  /** Who asked for the run, or keeps the name; null = not known. */
  readonly by: string | null
  readonly sinceMs: number | null
}

/** A holder that this service's records do not know: a `berth run`, or somebody's hand. */
export interface OtherHolder extends Holder {
  /** When it gives the name up by itself; null = not known. */
  readonly untilMs: number | null
}

/** What a queued run waits for. */
export interface Wait {
  /** Its place among those who want the same name, from 1; of several names, the last place. */
  readonly place: number
  /** Who has the first of its names that somebody has; null = nobody has any: it waits for those ahead of it, or for a slot. */
  readonly holder: Holder | null
  /** When it starts, if everything lasts as long as it did before; null = there is not enough to go by. */
  readonly startsAtMs: number | null
}

/** The queue at one moment. */
export interface QueueLook {
  /** In claim order. */
  readonly queued: readonly QueuedRun[]
  readonly live: readonly RunRow[]
  readonly others: readonly OtherHolder[]
  /** How long the newest finished runs of the same recipe and repository have lasted, milliseconds; empty = there is none. */
  readonly lasted: (row: Pick<RunRow, 'repositoryId' | 'recipe'>) => readonly number[]
  readonly slots: number
  readonly nowMs: number
}

/** What each queued run waits for; runs that are asked to stop wait for nothing, and stand in nobody's way. */
export function waitsOf(look: QueueLook): ReadonlyMap<string, Wait> {
  const queued = look.queued.filter((row) => row.stop === null)
  const holders = holdersOf(look)
  const starts = startsIn(look, queued)
  const places = new Map<Name, number>()
  const waits = new Map<string, Wait>()
  for (const { id, names } of queued) {
    for (const name of names) places.set(name, (places.get(name) ?? 0) + 1)
    const held = names.find((name) => holders.has(name))
    waits.set(id, {
      place: Math.max(1, ...names.map((name) => places.get(name) ?? 1)),
      holder: held === undefined ? null : (holders.get(held) ?? null),
      startsAtMs: later(starts.get(id), look.nowMs),
    })
  }
  return waits
}

/** One that could start now by all that is known, and is waiting, waits for something else (a user of its stages, GitHub's token). */
function later(startsAtMs: number | undefined, nowMs: number): number | null {
  return startsAtMs === undefined || startsAtMs <= nowMs ? null : startsAtMs
}

/** Whether somebody whom the records do not know may keep a run from starting: it is the first for its names, and no run has any. */
export function mayHaveOthers({ queued, live }: Pick<QueueLook, 'queued' | 'live'>): boolean {
  const taken = new Set(live.flatMap(({ names }) => names))
  return queued.some(({ names, stop }) => {
    const isFree = stop === null && !names.some((name) => taken.has(name))
    for (const name of names) taken.add(name)
    return isFree
  })
}

function holdersOf({ live, others }: QueueLook): ReadonlyMap<Name, Holder> {
  const known = live.flatMap(({ id, pr, actor, startedAtMs, names }) =>
    names.map((name) => ({ name, run: id, pr, by: actor, sinceMs: startedAtMs })),
  )
  const foreign = others.map(({ untilMs: _until, ...holder }) => holder)
  return new Map([...foreign, ...known].map((holder) => [holder.name, holder]))
}

function startsIn(look: QueueLook, queued: readonly QueuedRun[]): ReadonlyMap<string, number> {
  const { live, others, lasted, slots, nowMs } = look
  const taken = new Set(live.flatMap(({ names }) => names))
  const foreign = others
    .filter(({ name }) => !taken.has(name))
    .map(({ name, untilMs }): Busy => ({ names: [name], endsAtMs: untilMs ?? NEVER, hasSlot: false }))
  const own = live.map((row): Busy => {
    // One that is kept for inspection ends when somebody says so.
    const isUnforeseen = row.startedAtMs === null || row.stage === KEPT
    const endsAtMs = isUnforeseen ? NEVER : endOf(row.startedAtMs ?? nowMs, nowMs, lasted(row))
    return { names: row.names, endsAtMs, hasSlot: true }
  })
  const line = queued.map((row) => ({
    id: row.id,
    names: row.names,
    lastsMs: medianOf(lasted(row)) ?? NEVER,
    stuck: row.waitsFor !== null,
  }))
  return startsOf([...own, ...foreign], line, slots, nowMs)
}

const NEVER = Number.POSITIVE_INFINITY
