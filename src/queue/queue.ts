import { messageOf } from '../errors.ts'
import { isOver } from '../model/run.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import { tellingTo } from '../model/transitions.ts'
import { changeRun } from './changes.ts'
import { createDispatcher, DISPATCH_EVERY_MS } from './dispatcher.ts'
import { createFollower } from './follower.ts'
import { type Loop, startLoop } from './loop.ts'
import type { QueueWorld } from './ports.ts'
import { createReaper, REAP_EVERY_MS } from './reaper.ts'
import { createRetelling, RETELL_EVERY_MS } from './retell.ts'

/** A live run whose watcher tells nothing is looked at so often. */
const FOLLOW_EVERY_MS = 500

export interface Queue extends AsyncDisposable {
  /** Something was queued, or asked to stop. */
  readonly wake: () => void
  /** Something else is in force now: all of it looks again. */
  readonly lookAgain: () => void
  /** What of it fails just now. */
  readonly faults: () => readonly string[]
}

/**
 * Starts what is queued, follows what runs, and ends the records of what died. What earlier services left behind is looked at first, before
 * any new work is taken.
 * @param note hears of runs whose end is taken over from others
 */
export async function startQueue(world: QueueWorld, note: NoteTakeOver): Promise<Queue> {
  const loops: Loop[] = []
  const wake = () => {
    for (const loop of loops) loop.wake()
  }
  const telling = tellingTo(world.log)
  const reaper = createReaper(world, telling, wake, note)
  const follower = createFollower(world, telling, wake)
  const dispatcher = createDispatcher(world, (runId, { ended }) => reaper.guard(runId, ended))
  await noteForgotten(world)
  await adoptBegun(world)
  await follower.pass()
  await reaper.pass()
  loops.push(startLoop('follower', FOLLOW_EVERY_MS, world.log, follower.pass))
  loops.push(startLoop('reaper', REAP_EVERY_MS, world.log, reaper.pass))
  loops.push(startLoop('dispatcher', DISPATCH_EVERY_MS, world.log, dispatcher.pass))
  const retelling = startLoop('retelling', RETELL_EVERY_MS, world.log, retellingOf(world))
  const names = world.machine.watchNames(() => loops.at(-1)?.wake())
  return {
    wake,
    lookAgain() {
      wake()
      retelling.wake()
    },
    faults: () => [...loops, retelling].map((loop) => loop.fault()).filter((fault) => fault !== null),
    async [Symbol.asyncDispose]() {
      names[Symbol.dispose]()
      await Promise.all([dispatcher.close(), ...[...loops, retelling].map((loop) => loop.close())])
      follower.close()
    },
  }
}

function retellingOf(world: QueueWorld): () => Promise<void> {
  const retell = createRetelling(world)
  return async () => (world.isOff('retell') ? undefined : retell())
}

/**
 * A service that is killed between a conclusion and its note leaves the note out, and what has no note is kept for ever: so would be the folder of a run
 * that is over, and of which there is no record any more (a copy was restored).
 */
async function noteForgotten({ store, machine, unreported, log }: QueueWorld): Promise<void> {
  const told = (error: unknown, run: string | null) =>
    log.error({ ...(run === null ? {} : { run }), error: messageOf(error) }, 'queue.notes_failed')
  async function note(id: string): Promise<void> {
    const row = await store.run(id)
    const isKnown = row === null ? machine.look(id).result !== null : isOver(row.state)
    if (isKnown) machine.noteReported(id)
  }
  try {
    for (const id of unreported()) await note(id).catch((error: unknown) => told(error, id))
  } catch (error) {
    told(error, null)
  }
}

/**
 * What is queued by its record and has a folder had begun: the record is of a copy that was made before. It is followed from its folder, and neither
 * started once more nor ended as one that never was.
 */
async function adoptBegun(world: QueueWorld): Promise<void> {
  const { store, machine, log, now } = world
  async function adopt(id: string): Promise<void> {
    const { exists, journal } = machine.look(id)
    const row = exists ? await store.run(id) : null
    if (row?.state !== 'queued') return
    const change = {
      state: 'starting',
      startedAtMs: journal.firstProcess?.at ?? now(),
      waitsFor: null,
    } as const
    await changeRun(world, row, change, journal)
  }
  const { queued } = await store.queueSince(null)
  for (const { id } of queued)
    await adopt(id).catch((error: unknown) =>
      log.error({ run: id, error: messageOf(error) }, 'follow.failed'),
    )
}
