import type { Call, Trace } from './strace.ts'

type Which = (call: Call, place: number, calls: readonly Call[]) => boolean

/** The trace without these calls. */
export function without(trace: Trace, which: Which): Trace {
  return { ...trace, calls: trace.calls.filter((...call) => !which(...call)) }
}

/** These calls come right after the first one that is the anchor. */
export function movedAfter(trace: Trace, which: Which, anchor: Which): Trace {
  return moved(
    trace,
    which,
    anchor,
    (place) => place + 1,
    ({ to }) => to,
  )
}

/** They come right before it. */
export function movedBefore(trace: Trace, which: Which, anchor: Which): Trace {
  return moved(
    trace,
    which,
    anchor,
    (place) => place,
    ({ from }) => from,
  )
}

/** The process of the first such call closes a descriptor right after it. */
export function closedAfter(trace: Trace, anchor: Which, fd: string): Trace {
  const place = trace.calls.findIndex(anchor)
  const { pid, to } = callAt(trace.calls, place)
  const close: Call = { pid, name: 'close', words: fd, result: 0, from: to, to }
  return { ...trace, calls: trace.calls.toSpliced(place + 1, 0, close) }
}

/** The trace with another result, or other words, in the first such call. */
export function changed(trace: Trace, which: Which, how: Partial<Call>): Trace {
  const place = trace.calls.findIndex(which)
  return { ...trace, calls: trace.calls.with(place, { ...callAt(trace.calls, place), ...how }) }
}

const LOCK = /^\d+<[^>]*\/locks\/[^>]*>/

/** A call on a descriptor of a lock file. */
export function onLock(name: string) {
  return (call: Call): boolean => call.name === name && LOCK.test(call.words)
}

/** A look at the path of a lock file. */
export function lockStat(call: Call): boolean {
  return call.name === 'statx' && /^AT_FDCWD.*\/locks\/[^/]+\.lock"/.test(call.words)
}

/** Such a call of this process. */
export function of(pid: number | undefined, which: (call: Call) => boolean) {
  return (call: Call): boolean => call.pid === pid && which(call)
}

/** The write of such a line of a journal. */
export function isLine(event: string) {
  return (call: Call): boolean => call.name === 'write' && call.words.includes(`\\"event\\":\\"${event}\\"`)
}

function moved(
  trace: Trace,
  which: Which,
  anchor: Which,
  placeBy: (place: number) => number,
  timeOf: (call: Call) => number,
): Trace {
  const rest = trace.calls.filter((...call) => !which(...call))
  const place = rest.findIndex(anchor)
  const time = timeOf(callAt(rest, place))
  const calls = trace.calls.filter(which).map((call) => callThen(call, time))
  return { ...trace, calls: rest.toSpliced(placeBy(place), 0, ...calls) }
}

function callThen(call: Call, time: number): Call {
  return { ...call, from: time, to: time }
}

function callAt(calls: readonly Call[], place: number): Call {
  const call = calls[place]
  if (call === undefined) throw new Error('there is no such call in the trace')
  return call
}
