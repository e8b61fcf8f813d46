import { lockFreeAtMs } from '../model/lockWait.ts'
import type { RunRow, Store } from '../model/ports.ts'

/** Runs that wanted the same name: of more than these the newest ones count. */
const MOST_OTHERS = 100

/** When a run that has left the queue could have had its names, by the records; see `lockFreeAtMs`. */
export async function lockFreedAtMs(store: Pick<Store, 'runs'>, row: RunRow): Promise<number | null> {
  const looks = row.names.map((name) => store.runs({ name, limit: MOST_OTHERS }))
  return lockFreeAtMs(row, (await Promise.all(looks)).flat())
}
