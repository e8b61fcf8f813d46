import { fieldsOf, numberOf, textOf } from '../model/read.ts'
import { readIfThere, replaceFile } from './durable.ts'
import type { StatePaths } from './stateFolder.ts'

export interface NotedBackup {
  /** Wall clock, milliseconds. */
  readonly atMs: number
  readonly file: string
}

/** Notes that a copy of the records has been made: `berth doctor` tells its age. */
export function noteBackup(paths: StatePaths, backup: NotedBackup): void {
  replaceFile(paths.lastBackup, `${JSON.stringify(backup)}\n`)
}

/** The copy that was made last; null = none is known, or the note cannot be read. */
export function lastBackup(paths: StatePaths): NotedBackup | null {
  try {
    const fields = fieldsOf(JSON.parse(readIfThere(paths.lastBackup) ?? ''), 'backup.json')
    return { atMs: numberOf(fields, 'atMs'), file: textOf(fields, 'file') }
  } catch {
    return null
  }
}
