import { byClaim, isOverdue, OVERDUE, PASSED_AT_MOST_MS, type Ranked } from '../model/claimOrder.ts'
import type { StopRequest } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import type { QueuedRun, QueueNews } from '../model/queued.ts'
import { loopKey, type Suppressed } from '../model/rateLimits.ts'

/** What a queued run may do. */
export type Standing =
  /** Asked to stop: it starts nothing, and stands in nobody's way. */
  | { readonly kind: 'stopped'; readonly stop: StopRequest }
  /** It keeps failing: until then it starts nothing, and stands in nobody's way. */
  | { readonly kind: 'suppressed'; readonly loop: Suppressed }
  /** The first for all of its names. */
  | { readonly kind: 'head' }
  /** With the nearest run ahead: one that starts or ends changes what one run waits for, and not what all of them do. */
  | { readonly kind: 'behind'; readonly ahead: string; readonly name: Name }

/** One that is queued, in its place. */
export interface Place extends Ranked {
  readonly run: QueuedRun
  readonly rank: number
}

/**
 * Who stands where in the queue, kept in mind: what has changed is told to it, and costs what it touches, however many others wait. A place among
 * the waiters of a name is for the first run of the queue alone: one behind it that kept a place would stop it for ever.
 */
export class Line {
  readonly #runs = new Map<string, Place>()
  /** By name, in claim order: those that are neither stopped nor suppressed. */
  readonly #lanes = new Map<Name, Place[]>()
  readonly #heads = new Map<string, Place>()
  readonly #loops = new Map<string, Suppressed>()
  /** Whose standing may be another one by now. */
  readonly #touched = new Set<string>()
  /** When the first one of those that priorities may pass is overdue. */
  #overdueAtMs = Number.POSITIVE_INFINITY
  /** Up to then the last one of them was queued so much later than now that the clock must have been set back. */
  #aheadUntilMs = Number.NEGATIVE_INFINITY

  get size(): number {
    return this.#runs.size
  }

  apply({ queued, left }: Pick<QueueNews, 'queued' | 'left'>): void {
    for (const id of left) this.#leave(id)
    for (const run of queued) this.#enter(run)
  }

  /** These and no others keep failing. */
  suppress(loops: readonly Suppressed[]): void {
    const keys = new Map(loops.map((loop) => [loopKey(loop), loop]))
    const changed = new Set(
      [...keys.keys(), ...this.#loops.keys()].filter(
        (key) => keys.get(key)?.untilMs !== this.#loops.get(key)?.untilMs,
      ),
    )
    if (changed.size === 0) return
    const moved = [...this.#runs.values()].filter(({ run }) => changed.has(loopKey(run)))
    for (const place of moved) this.#leaveLanes(place)
    for (const key of changed) {
      const loop = keys.get(key)
      if (loop === undefined) this.#loops.delete(key)
      else this.#loops.set(key, loop)
    }
    for (const place of moved) this.#enterLanes(place)
  }

  /** Who has waited too long for others to pass them goes ahead of all priorities. */
  promote(nowMs: number): void {
    if (nowMs < this.#overdueAtMs && nowMs > this.#aheadUntilMs) return
    this.#overdueAtMs = Number.POSITIVE_INFINITY
    this.#aheadUntilMs = Number.NEGATIVE_INFINITY
    for (const place of this.#runs.values()) {
      if (place.rank === OVERDUE) continue
      if (isOverdue(place.run, nowMs)) this.#replace(place, { run: place.run, rank: OVERDUE })
      else this.#watch(place)
    }
  }

  /** Those whose standing may have changed since the last call. */
  takeTouched(): readonly string[] {
    const ids = [...this.#touched]
    this.#touched.clear()
    return ids
  }

  /** It is to be looked at once more. */
  touch(id: string): void {
    this.#touched.add(id)
  }

  /** Null = it is not queued. */
  standingOf(id: string): Standing | null {
    const place = this.#runs.get(id)
    if (place === undefined) return null
    const { stop, names } = place.run
    if (stop !== null) return { kind: 'stopped', stop }
    const loop = this.#loops.get(loopKey(place.run))
    if (loop !== undefined) return { kind: 'suppressed', loop }
    for (const name of names) {
      const ahead = this.#aheadOf(place, name)
      if (ahead !== null) return { kind: 'behind', ahead, name }
    }
    return { kind: 'head' }
  }

  /** What people were told last that it waits for. */
  waitsForOf(id: string): string | null {
    return this.#runs.get(id)?.run.waitsFor ?? null
  }

  /** The first for all of their names, in no order. */
  heads(): readonly Place[] {
    return [...this.#heads.values()]
  }

  #enter(run: QueuedRun): void {
    const known = this.#runs.get(run.id)
    const like = known ?? this.#lanes.get(run.names[0] ?? '')?.[0]
    const place = {
      run: like === undefined ? run : sharing(run, like.run),
      rank: known?.rank ?? run.priority,
    }
    if (known === undefined) this.#add(place)
    else this.#replace(known, place)
  }

  #add(place: Place): void {
    this.#runs.set(place.run.id, place)
    this.#touched.add(place.run.id)
    this.#watch(place)
    this.#enterLanes(place)
  }

  #watch({ run, rank }: Place): void {
    if (rank === OVERDUE) return
    this.#overdueAtMs = Math.min(this.#overdueAtMs, run.enqueuedAtMs + PASSED_AT_MOST_MS)
    this.#aheadUntilMs = Math.max(this.#aheadUntilMs, run.enqueuedAtMs - PASSED_AT_MOST_MS)
  }

  #replace(old: Place, place: Place): void {
    this.#leaveLanes(old)
    this.#add(place)
  }

  #leave(id: string): void {
    const place = this.#runs.get(id)
    if (place === undefined) return
    this.#leaveLanes(place)
    this.#runs.delete(id)
    this.#touched.delete(id)
  }

  #enterLanes(place: Place): void {
    this.#touched.add(place.run.id)
    if (place.run.stop !== null || this.#loops.has(loopKey(place.run))) return
    for (const name of place.run.names) {
      const lane = this.#lanes.get(name) ?? []
      this.#lanes.set(name, lane)
      const at = placeIn(lane, place)
      lane.splice(at, 0, place)
      this.#moved(lane[at + 1])
    }
    this.#look(place)
  }

  #leaveLanes(place: Place): void {
    this.#heads.delete(place.run.id)
    for (const name of place.run.names) {
      const lane = this.#lanes.get(name)
      const at = lane === undefined ? -1 : placeIn(lane, place)
      if (lane?.[at]?.run.id !== place.run.id) continue
      lane.splice(at, 1)
      if (lane.length === 0) this.#lanes.delete(name)
      this.#moved(lane[at])
    }
  }

  /** Somebody has come or gone just ahead of it. */
  #moved(place: Place | undefined): void {
    if (place === undefined) return
    this.#touched.add(place.run.id)
    this.#look(place)
  }

  #look(place: Place): void {
    const { id, names } = place.run
    if (names.every((name) => this.#lanes.get(name)?.[0] === place)) this.#heads.set(id, place)
    else this.#heads.delete(id)
  }

  #aheadOf(place: Place, name: Name): string | null {
    const lane = this.#lanes.get(name) ?? []
    return lane[placeIn(lane, place) - 1]?.run.id ?? null
  }
}

/**
 * Each row that is read has copies of its own of what all who wait for a name have in common, mostly down to the commit: in a long queue that is a third of
 * it.
 */
function sharing(run: QueuedRun, like: QueuedRun): QueuedRun {
  const hasNamesOf =
    run.names.length === like.names.length && run.names.every((name, at) => name === like.names[at])
  return {
    ...run,
    names: hasNamesOf ? like.names : run.names,
    repositoryId: run.repositoryId === like.repositoryId ? like.repositoryId : run.repositoryId,
    recipe: run.recipe === like.recipe ? like.recipe : run.recipe,
    sha: run.sha === like.sha ? like.sha : run.sha,
    waitsFor: run.waitsFor === like.waitsFor ? like.waitsFor : run.waitsFor,
  }
}

/** Where it stands in claim order, or would. */
function placeIn(lane: readonly Place[], place: Place): number {
  let [from, to] = [0, lane.length]
  while (from < to) {
    const middle = (from + to) >> 1
    const other = lane[middle]
    if (other !== undefined && byClaim(other, place) < 0) from = middle + 1
    else to = middle
  }
  return from
}
