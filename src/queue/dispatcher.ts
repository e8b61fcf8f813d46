import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL, type StopRequest } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import type { RunRow } from '../model/ports.ts'
import { concludedUnstarted, stopWords } from '../model/verdict.ts'
import { changeRun, concludeRun } from './changes.ts'
import type { QueueWorld, Started, Turn } from './ports.ts'

/** A name that no event announced as free is met so many milliseconds later at most. */
export const DISPATCH_EVERY_MS = 500

export interface Dispatcher {
  /** Looks at every queued run once and starts what can start. Does not wait for recoveries that this begins. */
  readonly pass: () => Promise<void>
}

/**
 * Starts queued runs in claim order: each waits at the head of all of its names, so that no younger run on one of them passes it, and a
 * busy name holds up nobody but those who want it.
 * @param started called with every run that was started
 */
export function createDispatcher(world: QueueWorld, started: (runId: string, run: Started) => void): Dispatcher {
  const underWay = new Set<string>()

  async function attempt(row: RunRow): Promise<void> {
    const turn = await world.machine.takeTurn(row)
    if (turn.kind === 'held') return start(world, row.id, turn, started)
    if (turn.kind === 'impossible') return endUnstarted(world, row.id, 'not_started', `harness: not started: ${turn.why}`)
    if (turn.kind === 'dirty' && turn.due.kind === 'blocked') {
      return endUnstarted(world, row.id, 'domain_dirty', `domain_dirty: run ${turn.run} cannot be cleaned: ${turn.why}`)
    }
    return waitFor(world, row.id, wordsOf(turn))
  }

  function begin(row: RunRow): void {
    underWay.add(row.id)
    void attempt(row)
      .catch((error: unknown) => world.log.error({ run: row.id, error: messageOf(error) }, 'dispatch.failed'))
      .finally(() => underWay.delete(row.id))
  }

  return {
    async pass() {
      const queued = await world.store.queued()
      let free = world.slots - (await world.store.live()).length - underWay.size
      const wanted = new Map<Name, string>()
      for (const row of queued) {
        const ahead = row.names.find((name) => wanted.has(name))
        for (const name of row.names) if (!wanted.has(name)) wanted.set(name, row.id)
        if (underWay.has(row.id)) continue
        if (row.stop !== null) await endStopped(world, row.id, row.stop)
        else if (ahead !== undefined) await waitFor(world, row.id, `run ${wanted.get(ahead)}, which is ahead of it for ${ahead}`)
        else if (free <= 0) await waitFor(world, row.id, `a free slot (${world.slots} at a time)`)
        else {
          free -= 1
          begin(row)
        }
      }
    },
  }
}

/** Claim before act: only the winner of the swap starts anything. */
async function start(
  world: QueueWorld,
  id: string,
  turn: Turn & { readonly kind: 'held' },
  started: (runId: string, run: Started) => void,
): Promise<void> {
  const row = await fresh(world, id)
  const change = { state: 'starting', startedAtMs: world.now(), waitsFor: null } as const
  if (row === null || row.stop !== null || !(await changeRun(world, row, change, EMPTY_JOURNAL))) return turn.giveBack()
  try {
    started(id, await turn.start())
  } catch (error) {
    const now = await world.store.run(id)
    const verdict = concludedUnstarted('not_started', `harness: ${messageOf(error)}`)
    if (now !== null) await concludeRun(world, now, verdict, EMPTY_JOURNAL)
  }
}

async function endStopped(world: QueueWorld, id: string, stop: StopRequest): Promise<void> {
  world.machine.leaveTurn(id)
  await endUnstarted(world, id, 'cancelled', `${stopWords(stop.reason)} by ${stop.by} while it was queued`)
}

async function endUnstarted(world: QueueWorld, id: string, reason: Parameters<typeof concludedUnstarted>[0], title: string): Promise<void> {
  world.machine.leaveTurn(id)
  const row = await fresh(world, id)
  if (row !== null) await concludeRun(world, row, concludedUnstarted(reason, title), EMPTY_JOURNAL)
}

/** Tells people what a queued run waits for, when that has changed. */
async function waitFor(world: QueueWorld, id: string, waitsFor: string): Promise<void> {
  const row = await fresh(world, id)
  if (row !== null && row.waitsFor !== waitsFor) await changeRun(world, row, { waitsFor }, EMPTY_JOURNAL)
}

function wordsOf(turn: Exclude<Turn, { readonly kind: 'held' | 'impossible' }>): string {
  if (turn.kind === 'unready') return turn.why
  if (turn.kind === 'dirty') return `run ${turn.run} to be cleaned (${turn.why})`
  return turn.run === null ? `${turn.name}, which somebody else has` : `run ${turn.run}, which has ${turn.name}`
}

/** The row as it is now, if it is queued still. */
async function fresh(world: QueueWorld, id: string): Promise<RunRow | null> {
  const row = await world.store.run(id)
  return row?.state === 'queued' ? row : null
}
