import { DatabaseSync } from 'node:sqlite'

/** Writes into the records as no berth does. */
export function meddle(file: string, sql: string): void {
  using connection = new DatabaseSync(file)
  connection.exec(sql)
}

/** A word of a newer berth's. */
export function spoiling(run: string): string {
  return `UPDATE runs SET stop = '{"reason":"new_word","by":"x","atMs":1}' WHERE id = '${run}'`
}

export function mending(run: string): string {
  return `UPDATE runs SET stop = NULL WHERE id = '${run}'`
}
