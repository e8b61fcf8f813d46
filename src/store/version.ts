import { fieldsOf, numberOf } from '../model/read.ts'
import type { Database } from './database.ts'

/** What others have committed, and what this connection has changed: SQLite counts the two apart (sqlite.org/pragma.html, data_version). */
const VERSION = 'SELECT data_version AS others, total_changes() AS own FROM pragma_data_version'

/** Another one after each write, whoever wrote. */
export function versionOn(database: Database): () => string {
  const version = database.prepare(VERSION)
  return () => {
    const fields = fieldsOf(version.get(), 'version')
    return `${numberOf(fields, 'others')}.${numberOf(fields, 'own')}`
  }
}

/**
 * What was read serves until something is written. The version comes first: what is written between the two is read once more.
 * @param isKept whether it may stay in memory; all of it, unless told otherwise
 */
export function keptByVersion<T>(
  version: () => string,
  read: () => T,
  isKept: (value: T) => boolean = () => true,
): () => T {
  let kept: { readonly version: string; readonly value: T } | null = null
  return () => {
    const now = version()
    if (kept?.version === now) return kept.value
    const value = read()
    kept = isKept(value) ? { version: now, value } : null
    return value
  }
}
