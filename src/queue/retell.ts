import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL } from '../model/journal.ts'
import type { Wait } from '../model/wait.ts'
import { changeRun } from './changes.ts'
import type { QueueWorld } from './ports.ts'

export const RETELL_EVERY_MS = 10_000

/** Who stands further back has not much to hear, and writes are what GitHub is short of. */
const MOST_PLACE = 20
/** At the front once a minute, at place n once in n minutes: who has long to wait needs no exact place. */
const REST_MS = 60_000
/** A pass looks up so many, and the next one goes on from there. */
const MOST_LOOKED_UP = 200

/**
 * Keeps what queued checks say up to date while nothing happens to the runs themselves: others come, go and end. A check that would say the
 * same again is not written.
 * @returns one pass
 */
export function createRetelling(world: QueueWorld): () => Promise<void> {
  let last: string | null = null
  return async () => {
    const near = [...(await world.waits.all())].filter(([, { place }]) => place <= MOST_PLACE)
    const from = near.findIndex(([id]) => id === last) + 1
    for (const [id, wait] of [...near.slice(from), ...near.slice(0, from)].slice(0, MOST_LOOKED_UP)) {
      await retell(world, id, wait).catch((error: unknown) =>
        world.log.error({ run: id, error: messageOf(error) }, 'retell.failed'),
      )
      last = id
    }
  }
}

async function retell(world: QueueWorld, id: string, wait: Wait): Promise<void> {
  const said = await world.store.lastCheck(id)
  if (said === null || rests(world.now() - said.createdAtMs, wait)) return
  const row = await world.store.run(id)
  if (row?.state !== 'queued' || row.stop !== null) return
  if (world.checkReport(row, EMPTY_JOURNAL, wait).body === said.body) return
  await changeRun(world, row, {}, EMPTY_JOURNAL, wait)
}

/** A clock that was set back says nothing. */
function rests(ageMs: number, { place }: Wait): boolean {
  return ageMs >= 0 && ageMs < place * REST_MS
}
