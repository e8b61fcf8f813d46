import type { Name } from '../model/names.ts'
import type { RunRow } from '../model/ports.ts'
import type { Conclusion } from '../model/run.ts'
import type { Wait } from '../model/wait.ts'
import type { Lane } from './lanes.ts'

const MINUTE_MS = 60_000
/** How much of the past a picture shows; half as much of what is foreseen. */
const PASTS_MS = [10, 30, 60, 180, 720, 1_440, 10_080].map((minutes) => minutes * MINUTE_MS)
/** So many of what lasts have to fit: one that has stood for a week makes no minute of the others invisible. */
const FITTING = 0.75

/** A stretch of time of a name, cut to what the picture shows. */
export interface Span {
  /** `ended`: a run that is over; `expected`: the holder's time to come; `waiting`: whoever is next. */
  readonly kind: 'ended' | 'held' | 'expected' | 'waiting' | 'by_hand' | 'left'
  readonly run: string | null
  /** Of what has ended. */
  readonly conclusion: Conclusion | null
  readonly fromMs: number
  readonly toMs: number
}

/** What lanes have seen, and what they are likely to see. Times are wall clock, milliseconds. */
export interface Course {
  readonly fromMs: number
  readonly nowMs: number
  readonly toMs: number
  readonly spans: ReadonlyMap<Name, readonly Span[]>
}

interface CourseLook {
  readonly lanes: readonly Lane[]
  readonly concluded: readonly RunRow[]
  readonly waits: ReadonlyMap<string, Wait>
  readonly nowMs: number
}

/** One picture's worth of all lanes, on one scale. */
export function courseOf({ lanes, concluded, waits, nowMs }: CourseLook): Course {
  const all = lanes.map((lane) => [lane.name, [...nowAndNext(lane, waits, nowMs)]] as const)
  const pastMs = pastOf(
    all.flatMap(([, spans]) => spans),
    nowMs,
  )
  const [fromMs, toMs] = [nowMs - pastMs, nowMs + pastMs / 2]
  const endedOf = byName(concluded)
  const cut = (span: Span): Span => ({
    ...span,
    fromMs: Math.max(fromMs, span.fromMs),
    toMs: Math.min(toMs, span.toMs),
  })
  const spans = all.map(([name, known]) => {
    const shown = [...(endedOf.get(name) ?? []).map(ended), ...known].map(cut)
    return [name, shown.filter((span) => span.toMs > span.fromMs)] as const
  })
  return { fromMs, nowMs, toMs, spans: new Map(spans) }
}

function pastOf(spans: readonly Span[], nowMs: number): number {
  const wanted = spans
    .flatMap(({ fromMs, toMs }) => [nowMs - fromMs, Number.isFinite(toMs) ? 2 * (toMs - nowMs) : 0])
    .filter((ms) => ms > 0)
    .toSorted((one, other) => one - other)
  const fitting = wanted[Math.ceil(wanted.length * FITTING) - 1] ?? 0
  return PASTS_MS.find((ms) => ms >= fitting) ?? PASTS_MS.at(-1) ?? MINUTE_MS
}

function byName(concluded: readonly RunRow[]): ReadonlyMap<Name, readonly RunRow[]> {
  const all = concluded.flatMap((row) => row.names.map((name) => ({ name, row })))
  return new Map(
    [...Map.groupBy(all, ({ name }) => name)].map(([name, found]) => [name, found.map(({ row }) => row)]),
  )
}

function ended({ id, verdict, startedAtMs, concludedAtMs }: RunRow): Span {
  const toMs = concludedAtMs ?? 0
  return {
    kind: 'ended',
    run: id,
    conclusion: verdict?.conclusion ?? null,
    fromMs: startedAtMs ?? toMs,
    toMs,
  }
}

/** What has the name, then each who waits for it and is foreseen, up to the next one. */
function* nowAndNext(
  { state, run, sinceMs, hold, waiters }: Lane,
  waits: ReadonlyMap<string, Wait>,
  nowMs: number,
): Iterable<Span> {
  const starts = waiters
    .map((waiter) => ({ run: waiter.run, atMs: waits.get(waiter.run ?? '')?.startsAtMs ?? null }))
    .flatMap((next) => (next.atMs === null ? [] : [{ run: next.run, atMs: next.atMs }]))
  const span = (kind: Span['kind'], of: string | null, fromMs: number, toMs: number): Span => {
    return { kind, run: of, conclusion: null, fromMs, toMs }
  }
  if (hold !== null) yield span('by_hand', null, nowMs, hold.untilMs)
  else if (state !== 'free' && sinceMs !== null)
    yield span(state === 'busy' ? 'held' : 'left', run, sinceMs, nowMs)
  const first = starts[0]
  if (hold === null && state === 'busy' && first !== undefined) yield span('expected', run, nowMs, first.atMs)
  for (const [index, next] of starts.entries())
    yield span('waiting', next.run, next.atMs, starts[index + 1]?.atMs ?? Number.POSITIVE_INFINITY)
}
