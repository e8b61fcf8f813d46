import { hash } from 'node:crypto'

const TRACE_DIGITS = 32
const SPAN_DIGITS = 16

/** Key of the run's own span, which all others are in. */
export const ROOT = 'run'

/** A run's trace, in hex: the same for whoever asks, whenever, so that nobody has to be told. */
export function traceIdOf(run: string): string {
  return hash('sha256', `trace of run ${run}`).slice(0, TRACE_DIGITS)
}

/** The span of a part of a run, in hex. @param key names the part within its run */
export function spanIdOf(run: string, key: string): string {
  return hash('sha256', `span ${key} of run ${run}`).slice(0, SPAN_DIGITS)
}

/** W3C trace context: what the processes of that part find in their environment. */
export function traceparentOf(run: string, key: string): string {
  return `00-${traceIdOf(run)}-${spanIdOf(run, key)}-01`
}
