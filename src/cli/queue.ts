import { existsSync } from 'node:fs'
import { EXIT } from '../errors.ts'
import { deadRuns } from '../lock/deadRuns.ts'
import type { BrokenRun, RunRow, Store } from '../model/ports.ts'
import type { ShownState } from '../model/run.ts'
import { openStore } from '../store/sqlite.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { paintOf, type Screen } from './screen.ts'
import { type Column, momentText, table } from './table.ts'

/** `berth queue`: what the service has accepted and not concluded, in the order in which it will start. */
export async function listQueue({ state, stdout }: Context, json: boolean): Promise<number> {
  const rows = await withStore(state, async (store) => [
    ...withDead(state, await store.live()),
    ...(await store.queued()),
    ...(await store.broken()),
  ])
  if (json) stdout.write(jsonText(rows ?? []))
  else if (rows === null || rows.length === 0) stdout.write('Nothing is queued, and nothing runs.\n')
  else
    stdout.write(
      table(
        HEADS,
        rows.map((row) => rowOf(row, stdout)),
        stdout,
      ),
    )
  return EXIT.ok
}

type ShownRow = Omit<RunRow, 'state'> & { readonly state: ShownState }

/** The records of a run whose processes are gone say so when the service has recovered it; the kernel says so at once. */
function withDead(state: StatePaths, live: readonly RunRow[]): readonly ShownRow[] {
  const dead = deadRuns(state, live)
  return live.map((row) => (dead.has(row.id) ? { ...row, state: 'dead' } : row))
}

/**
 * Uses the service's records; SQLite lets the service and us look at once. Null = there are none.
 * @param make them, where no service has been yet
 */
export async function withStore<T>(
  state: StatePaths,
  use: (store: Store) => Promise<T>,
  make = false,
): Promise<T | null> {
  if (!make && !existsSync(state.database)) return null
  const store = await openStore(state.database)
  try {
    return await use(store)
  } finally {
    await store.close()
  }
}

const HEADS: readonly (string | Column)[] = [
  { head: 'run', whole: true },
  { head: 'state', paint: paintOf },
  'recipe',
  'domain',
  { head: 'for', spare: 1 },
  { head: 'since', spare: 2 },
  'waits for / stage',
]

function rowOf(row: ShownRow | BrokenRun, screen: Screen): string[] {
  if ('fault' in row)
    return [row.id, row.state, '?', '?', '?', '?', `its record cannot be read: ${row.fault}`]
  const since = momentText(row.startedAtMs ?? row.enqueuedAtMs, screen)
  const stop = row.stop === null ? '' : ` (to stop: ${row.stop.reason})`
  return [
    row.id,
    row.state,
    row.recipe,
    row.domain,
    `${row.repository}#${row.pr}`,
    since,
    `${row.waitsFor ?? row.stage ?? ''}${stop}`,
  ]
}
