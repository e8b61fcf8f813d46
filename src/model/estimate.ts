import type { Name } from './names.ts'

/** Names that somebody has, until about then; Infinity = nobody knows. Times are wall clock, milliseconds. */
export interface Busy {
  readonly names: readonly Name[]
  readonly endsAtMs: number
  /** A run of this service's: it takes one of its slots. */
  readonly hasSlot: boolean
}

/** A run that waits. */
export interface Waiting {
  readonly id: string
  readonly names: readonly Name[]
  /** About how long it will last; Infinity = nobody knows. */
  readonly lastsMs: number
  /** Nothing that is known here holds it up, and yet it does not start. */
  readonly stuck: boolean
}

/** What comes later in a queue is not looked at: a look at all of it would take as long as the queue is. */
export const MOST_FORESEEN = 2_000

/**
 * When each waiting run starts, if everything lasts as long as such runs did: each as soon as it is the first for all of its names and a slot
 * is free, in the order of the queue. One whose start depends on what nobody knows is not in it.
 */
export function startsOf(
  busy: readonly Busy[],
  line: readonly Waiting[],
  slots: number,
  nowMs: number,
): ReadonlyMap<string, number> {
  const waiting = line.slice(0, MOST_FORESEEN)
  const { followers, openOf } = lineUp(busy, waiting)
  const starts = new Map<string, number>()
  const ends = sorted(busy.map(({ endsAtMs, hasSlot }, node) => ({ at: endsAtMs, node, hasSlot })))
  const ready = waiting.flatMap((_, index) => (openOf[index] === 0 ? [{ at: index }] : [])).toReversed()
  let free = slots - busy.filter(({ hasSlot }) => hasSlot).length
  let atMs = nowMs
  for (;;) {
    while (free > 0 && ready.length > 0) free -= start(ready.pop()?.at ?? 0)
    const end = ends.pop()
    if (end === undefined || end.at === Number.POSITIVE_INFINITY) return starts
    atMs = Math.max(atMs, end.at)
    if (end.hasSlot) free += 1
    for (const index of followers[end.node] ?? []) arrive(index)
  }

  /** @returns how many slots it takes */
  function start(index: number): 0 | 1 {
    const run = waiting[index]
    if (run === undefined || (run.stuck && atMs === nowMs)) return 0
    starts.set(run.id, atMs)
    insert(ends, { at: atMs + run.lastsMs, node: busy.length + index, hasSlot: true })
    return 1
  }

  function arrive(index: number): void {
    const open = (openOf[index] ?? 0) - 1
    openOf[index] = open
    if (open === 0) insert(ready, { at: index })
  }
}

/** The middle one; of an even number the later of the two. Null = there is none. */
export function medianOf(values: readonly number[]): number | null {
  const inOrder = values.toSorted((one, other) => one - other)
  return inOrder[Math.floor(inOrder.length / 2)] ?? null
}

/** When something that has begun ends, if it lasts as long as those that had not ended by now either; Infinity = none was ever so long. */
export function endOf(startedAtMs: number, nowMs: number, lasted: readonly number[]): number {
  const longer = lasted.filter((ms) => startedAtMs + ms > nowMs)
  return startedAtMs + (medianOf(longer) ?? Number.POSITIVE_INFINITY)
}

/** Who comes next after each: nodes are those who have names, then those who wait; `openOf` counts whom a waiting one comes after. */
function lineUp(busy: readonly Busy[], waiting: readonly Waiting[]) {
  const followers: number[][] = [...busy, ...waiting].map(() => [])
  const last = new Map<Name, number>(busy.flatMap(({ names }, node) => names.map((name) => [name, node])))
  const openOf = waiting.map(({ names }, index) => {
    const before = new Set(names.flatMap((name) => last.get(name) ?? []))
    for (const node of before) followers[node]?.push(index)
    for (const name of names) last.set(name, busy.length + index)
    return before.size
  })
  return { followers, openOf }
}

interface Ordered {
  readonly at: number
}

/** The earliest is the last: it is taken from there. */
function sorted<T extends Ordered>(items: readonly T[]): T[] {
  return items.toSorted((one, other) => other.at - one.at)
}

/** Into a list with the earliest last; behind its equals. */
function insert<T extends Ordered>(list: T[], item: T): void {
  let [low, high] = [0, list.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((list[middle]?.at ?? 0) > item.at) low = middle + 1
    else high = middle
  }
  list.splice(low, 0, item)
}
