import { preciseTime } from './ending.ts'
import { type Fields, numberOf } from './read.ts'

/** What taking a run's objects down came to, and how the engine showed that nothing of it is left. */
export interface EngineEnding {
  /** Objects that are gone; tasks and containers go with their services, and do not count. */
  readonly removed: number
  /** All looks at the engine. */
  readonly looks: number
  /** The last of them, in a row, that found nothing; 0 = something is left, or the engine does not answer. */
  readonly emptyLooks: number
  /** From the first of these to the last. */
  readonly emptyMs: number
  /** So many empty looks were wanted: where a client of ours was lost, one proves nothing. */
  readonly wantedLooks: number
  readonly tookMs: number
}

/** On one line; nothing in it comes from outside. What is left has to be named beside it. */
export function engineWords(ending: EngineEnding): string {
  return `${goneWords(ending)}; ${shownWords(ending)}`
}

function goneWords({ removed, tookMs }: EngineEnding): string {
  if (removed === 0) return 'the engine had nothing to take down'
  return `${removed === 1 ? '1 object' : `${removed} objects`} of the engine taken down in ${preciseTime(tookMs)}`
}

function shownWords({ looks, emptyLooks, emptyMs, wantedLooks }: EngineEnding): string {
  if (emptyLooks < wantedLooks)
    return `nothing shows that all is gone: ${emptyLooks} of ${wantedLooks} empty looks`
  const all = looks === 1 ? 'its only look' : `the last of ${looks} looks`
  if (emptyLooks === 1) return `${all} found nothing`
  return `the last ${emptyLooks} of ${looks} looks, over ${preciseTime(emptyMs)}, found nothing`
}

export function readEngineEnding(fields: Fields): EngineEnding {
  return {
    removed: numberOf(fields, 'removed'),
    looks: numberOf(fields, 'looks'),
    emptyLooks: numberOf(fields, 'emptyLooks'),
    emptyMs: numberOf(fields, 'emptyMs'),
    wantedLooks: numberOf(fields, 'wantedLooks'),
    tookMs: numberOf(fields, 'tookMs'),
  }
}
