import type { Store, Watch } from '../model/ports.ts'
import { fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import type { Database } from './database.ts'
import { ADD_DELIVERY } from './deliveries.ts'

const WATCH = 'SELECT * FROM watches WHERE repository_id = :repositoryId'

const NOTE = `
  INSERT INTO watches (repository_id, since, cursor, etag) VALUES (:repositoryId, :sinceMs, :cursorMs, :etag)
  ON CONFLICT (repository_id) DO UPDATE SET cursor = excluded.cursor, etag = excluded.etag`

/** A look that is noted has its deliveries in the store: whoever dies in between looks again from where the last one ended. */
export function watchesOn(database: Database): Pick<Store, 'watch' | 'noteWatched'> {
  const watch = database.prepare(WATCH)
  const note = database.prepare(NOTE)
  const add = database.prepare(ADD_DELIVERY)
  return {
    watch: async (repositoryId) => database.read(() => watchOf(watch.get({ repositoryId }))),
    noteWatched: async (seen, missed) =>
      database.write(() => {
        note.run({ ...seen })
        return missed.filter((delivery) => add.run({ ...delivery }).changes === 1).length
      }),
  }
}

function watchOf(row: unknown): Watch | null {
  if (row === undefined) return null
  const fields = fieldsOf(row, 'watch')
  return {
    repositoryId: textOf(fields, 'repository_id'),
    sinceMs: numberOf(fields, 'since'),
    cursorMs: numberOf(fields, 'cursor'),
    etag: optional(fields, 'etag', textOf),
  }
}
