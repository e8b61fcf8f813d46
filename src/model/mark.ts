import type { Name } from './names.ts'
import { fieldsOf, numberOf, textOf, textsOf } from './read.ts'

/** The line in a lock file, and the content of an entry in `open/`: which run is, or was last, there. */
export interface Mark {
  readonly run: string
  readonly locks: readonly Name[]
  /** Wall clock, milliseconds. */
  readonly since: number
}

/** `unreadable` counts as dirty: a torn mark was somebody's mark. */
export type MarkState = Mark | 'clean' | 'unreadable'

export function formatMark(mark: Mark): string {
  return `${JSON.stringify({ run: mark.run, locks: mark.locks, since: mark.since })}\n`
}

export function parseMark(text: string): MarkState {
  if (text.trim() === '') return 'clean'
  try {
    const fields = fieldsOf(JSON.parse(text), 'mark')
    return { run: textOf(fields, 'run'), locks: textsOf(fields, 'locks'), since: numberOf(fields, 'since') }
  } catch {
    return 'unreadable'
  }
}
