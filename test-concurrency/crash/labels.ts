/**
 * Loaded into `berth serve` (`--import`) beside the library: says what each commit of the records holds, so that commits are named by that and not by
 * their number. Whoever asks for the removal of a folder below this one speaks to the library, and nothing is removed.
 */
import { rmdirSync } from 'node:fs'
import { DatabaseSync, StatementSync } from 'node:sqlite'

const LABELS = '/berth-crash'

delete process.env['NODE_OPTIONS']

/** What the transaction under way has written. */
let written = new Set<string>()

function say(label: string): void {
  rmdirSync(`${LABELS}/${label}`)
}

/** The table that it writes to, and of a run the state that it comes to. Null = it writes nothing. */
function writeOf(sql: string, [values]: readonly unknown[]): string | null {
  const table = /^\s*(?:INSERT (?:OR \w+ )?INTO|UPDATE|DELETE FROM)\s+(\w+)/.exec(sql)?.[1]
  if (table === undefined) return null
  const state = typeof values === 'object' && values !== null && 'to' in values ? values.to : null
  return typeof state === 'string' ? `${table}=${state}` : table
}

/** Runs what may be the end of a transaction, or one by itself, under the name of what it writes. */
function told<T>(sql: string, values: readonly unknown[], inTransaction: boolean, act: () => T): T {
  const isEnd = /^\s*COMMIT/.test(sql)
  if (/^\s*(BEGIN|ROLLBACK)/.test(sql)) written = new Set()
  const write = writeOf(sql, values)
  if (write !== null) written.add(write)
  if (!isEnd && inTransaction) return act()
  say([...written].join(' ') || 'schema')
  try {
    return act()
  } finally {
    written = new Set()
    say('')
  }
}

const open = new WeakMap<StatementSync, DatabaseSync>()
const { prepare, exec } = DatabaseSync.prototype

DatabaseSync.prototype.prepare = function (sql, ...more) {
  const statement = prepare.call(this, sql, ...more)
  open.set(statement, this)
  return statement
}

DatabaseSync.prototype.exec = function (sql) {
  told(sql, [], this.isTransaction, () => exec.call(this, sql))
}

for (const name of ['run', 'get', 'all'] as const) {
  const real: (...values: never[]) => unknown = StatementSync.prototype[name]
  Object.defineProperty(StatementSync.prototype, name, {
    value(this: StatementSync, ...values: never[]) {
      const { sourceSQL } = this
      const isRead = /^\s*(SELECT|PRAGMA|WITH)/.test(sourceSQL)
      const inTransaction = isRead || open.get(this)?.isTransaction !== false
      return told(sourceSQL, values, inTransaction, () => real.apply(this, values))
    },
  })
}
