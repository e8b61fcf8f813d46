import type { Store } from '../model/ports.ts'
import { fieldsOf, numberOf, textOf } from '../model/read.ts'
import type { Database } from './database.ts'

const SINCE = 'SELECT used_at FROM uses WHERE key = :key AND used_at >= :sinceMs ORDER BY used_at DESC'

/** `substr` takes the prefix as it is: logins may have the wildcards of LIKE and GLOB in them. */
const USED_UP = `
  SELECT key FROM uses WHERE used_at >= :sinceMs AND substr(key, 1, length(:prefix)) = :prefix
   GROUP BY key HAVING count(*) >= :most ORDER BY key LIMIT 100`

/** What limits count; written with the decision that uses it up. */
export function usesOn(database: Database): Pick<Store, 'usesSince' | 'usedUp'> {
  const since = database.prepare(SINCE)
  const usedUp = database.prepare(USED_UP)
  const timesOf = (key: string, sinceMs: number) =>
    since.all({ key, sinceMs }).map((row) => numberOf(fieldsOf(row, 'use'), 'used_at'))
  return {
    usesSince: async (key, sinceMs) => database.read(() => timesOf(key, sinceMs)),
    usedUp: async (prefix, most, sinceMs) =>
      database.read(() =>
        usedUp.all({ prefix, most, sinceMs }).map((row) => {
          const key = textOf(fieldsOf(row, 'use'), 'key')
          return { key, uses: timesOf(key, sinceMs) }
        }),
      ),
  }
}
