import type { FieldName } from './fields.ts'

export type Level = 'info' | 'warn' | 'error'

/** What one event of the log is: the only place that knows its name. */
export interface EventRow {
  readonly level: Level
  readonly means: string
  /** What it always carries. */
  readonly fields: readonly FieldName[]
  /** What it carries where it is known. */
  readonly more?: readonly FieldName[]
  /** Work that failed and goes on: counted by name. */
  readonly isFault?: true
}
