import { messageOf } from '../errors.ts'
import { EMPTY_JOURNAL, type StopRequest } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
import { type Suppressed, timeText } from '../model/rateLimits.ts'
import { concludedUnstarted, stopWords } from '../model/verdict.ts'
import { changeRun, concludeRun, waitOf } from './changes.ts'
import { type Line, lineOf } from './line.ts'
import type { QueueWorld, Started, Turn } from './ports.ts'

/** A name that no event announced as free is met so many milliseconds later at most. */
export const DISPATCH_EVERY_MS = 500

export interface Dispatcher {
  /**
   * Starts what can start: asks the machine for every run that is the first for all of its names, and reads the queue only if anything was
   * written since the last pass. Does not wait for recoveries that this begins.
   */
  readonly pass: () => Promise<void>
  /** Starts nothing more, and waits for runs that are being started; not for recoveries, which go on without us. */
  readonly close: () => Promise<void>
}

/**
 * Starts queued runs in claim order: each waits at the head of all of its names, so that no younger run on one of them passes it, and a
 * busy name holds up nobody but those who want it.
 * @param started called with every run that was started
 */
export function createDispatcher(
  world: QueueWorld,
  started: (runId: string, run: Started) => void,
): Dispatcher {
  const slots = new Slots(world.slots)
  const attempts = attemptsIn(world, slots, started)
  /** The runs that may start, as of one version of the store: a queue that has not changed is not read again. */
  let known: Known | null = null

  async function tryAll(heads: readonly RunRow[]): Promise<void> {
    for (const row of heads) {
      if (attempts.has(row.id)) continue
      if (world.isOff('dispatch')) await putAside(world, row)
      else if (slots.free <= 0) await waitFor(world, row, slots.words)
      else attempts.begin(row)
    }
  }

  /** Resolves to whether every run stands where it belongs: one that is just being tried may take a place that is not its own any more. */
  async function lineUp({ stopped, suppressed, heads, behind }: Line): Promise<boolean> {
    for (const { id, stop } of stopped) await endStopped(world, id, stop)
    const resting = suppressed.filter(({ row }) => !attempts.has(row.id))
    const idle = behind.filter(({ row }) => !attempts.has(row.id))
    for (const { row } of [...resting, ...idle]) world.machine.leaveTurn(row.id)
    for (const { row, loop } of resting) await waitFor(world, row, loopWords(loop))
    await tryAll(heads)
    for (const { row, ahead, name } of idle)
      await waitFor(world, row, `run ${ahead}, which is ahead of it for ${name}`)
    return idle.length === behind.length && resting.length === suppressed.length
  }

  return {
    async pass() {
      slots.occupied(await world.store.live())
      const version = await world.store.version()
      if (known?.version === version && world.now() < known.untilMs) return tryAll(known.heads)
      const loops = await world.suppressed()
      const line = lineOf(await world.store.queued(), loops)
      const untilMs = Math.min(...loops.map((loop) => loop.untilMs))
      known = (await lineUp(line)) ? { version, heads: line.heads, untilMs } : null
    },
    close: attempts.close,
  }
}

interface Known {
  readonly version: string
  readonly heads: readonly RunRow[]
  /** Then one that was suppressed may start. */
  readonly untilMs: number
}

/** Runs that are being tried just now, each once. */
interface Attempts {
  readonly has: (runId: string) => boolean
  readonly begin: (row: RunRow) => void
  readonly close: () => Promise<void>
}

function attemptsIn(
  world: QueueWorld,
  slots: Slots,
  started: (runId: string, run: Started) => void,
): Attempts {
  const underWay = new Set<string>()
  const starts = new Set<Promise<void>>()
  let closed = false

  async function attempt(row: RunRow): Promise<void> {
    const turn = await world.machine.takeTurn(row)
    if (closed) return turn.kind === 'held' ? turn.giveBack() : undefined
    if (turn.kind !== 'held') return explain(world, row.id, turn)
    if (world.isOff('dispatch')) return turn.giveBack()
    const launch = () => start(world, row.id, turn, started).finally(() => slots.startEnded(row.id))
    if (slots.take(row.id)) return tracked(starts, launch())
    turn.giveBack()
    return waitFor(world, row, slots.words)
  }

  return {
    has: (runId) => underWay.has(runId),
    begin(row) {
      underWay.add(row.id)
      void attempt(row)
        .catch((error: unknown) =>
          world.log.error({ run: row.id, error: messageOf(error) }, 'dispatch.failed'),
        )
        .finally(() => underWay.delete(row.id))
    },
    async close() {
      closed = true
      await Promise.allSettled(starts)
    },
  }
}

async function tracked(all: Set<Promise<void>>, work: Promise<void>): Promise<void> {
  all.add(work)
  await work.finally(() => all.delete(work))
}

/** How many runs may live at a time. A run counts from the moment in which it is about to start, and never twice. */
class Slots {
  readonly #most: () => number
  readonly #starting = new Set<string>()
  #live: ReadonlySet<string> = new Set()

  constructor(most: () => number) {
    this.#most = most
  }

  get free(): number {
    return this.#most() - this.#live.union(this.#starting).size
  }

  get words(): string {
    return `a free slot (${this.#most()} at a time)`
  }

  occupied(live: readonly RunRow[]): void {
    this.#live = new Set(live.map((row) => row.id))
  }

  take(id: string): boolean {
    if (this.free <= 0) return false
    this.#starting.add(id)
    return true
  }

  /** From here on it counts as live, until the next look at the store says otherwise. */
  startEnded(id: string): void {
    this.#live = new Set([...this.#live, id])
    this.#starting.delete(id)
  }
}

/** Whoever else wants its names meanwhile, by hand or in the foreground, does not stand behind what is not going to start. */
async function putAside(world: QueueWorld, row: RunRow): Promise<void> {
  world.machine.leaveTurn(row.id)
  await waitFor(world, row, 'the operator to switch dispatching on again')
}

/** The run cannot start now: what it waits for, or that it never can. One that was ended meanwhile wants nothing any more. */
async function explain(
  world: QueueWorld,
  id: string,
  turn: Exclude<Turn, { readonly kind: 'held' }>,
): Promise<void> {
  const row = await fresh(world, id)
  if (row === null) return world.machine.leaveTurn(id)
  if (turn.kind === 'impossible')
    return endUnstarted(world, id, 'not_started', `harness: not started: ${turn.why}`)
  if (turn.kind !== 'dirty' || turn.due.kind !== 'blocked') return waitFor(world, row, wordsOf(turn))
  return endUnstarted(
    world,
    id,
    'domain_dirty',
    `domain_dirty: run ${turn.run} cannot be cleaned: ${turn.why}`,
  )
}

/** Claim before act: only the winner of the swap starts anything. */
async function start(
  world: QueueWorld,
  id: string,
  turn: Turn & { readonly kind: 'held' },
  started: (runId: string, run: Started) => void,
): Promise<void> {
  if (!(await isClaimed(world, id, turn))) return
  try {
    started(id, await turn.start())
  } catch (error) {
    const now = await world.store.run(id)
    const verdict = concludedUnstarted('not_started', `harness: ${messageOf(error)}`)
    if (now !== null) await concludeRun(world, now, verdict, EMPTY_JOURNAL)
  }
}

/** Whatever keeps the swap from being won, a store that fails included, the names are given back: nobody else could. */
async function isClaimed(
  world: QueueWorld,
  id: string,
  turn: Turn & { readonly kind: 'held' },
): Promise<boolean> {
  const change = { state: 'starting', startedAtMs: world.now(), waitsFor: null } as const
  let isWon = false
  try {
    const row = await fresh(world, id)
    isWon = row !== null && row.stop === null && (await changeRun(world, row, change, EMPTY_JOURNAL))
    return isWon
  } finally {
    if (!isWon) turn.giveBack()
  }
}

async function endStopped(world: QueueWorld, id: string, stop: StopRequest): Promise<void> {
  await endUnstarted(world, id, 'cancelled', `${stopWords(stop.reason)} by ${stop.by} while it was queued`)
}

/** The place is given up after the end is written: an attempt under way either sees that end, or has its place taken here. */
async function endUnstarted(
  world: QueueWorld,
  id: string,
  reason: Parameters<typeof concludedUnstarted>[0],
  title: string,
): Promise<void> {
  const row = await fresh(world, id)
  if (row !== null) await concludeRun(world, row, concludedUnstarted(reason, title), EMPTY_JOURNAL)
  world.machine.leaveTurn(id)
}

/** Tells people what a queued run waits for, when that has changed. @param seen as it was read last */
async function waitFor(world: QueueWorld, seen: RunRow, waitsFor: string): Promise<void> {
  if (seen.waitsFor === waitsFor) return
  const wait = await waitOf(world, seen.id)
  const row = await fresh(world, seen.id)
  if (row === null || row.waitsFor === waitsFor) return
  await changeRun(world, row, { waitsFor }, EMPTY_JOURNAL, wait)
}

function loopWords({ recipe, times, untilMs }: Suppressed): string {
  return `crash_loop: ${recipe} has ended in a fault of the harness ${times} times in a row at this commit, and rests until ${timeText(untilMs)}`
}

function wordsOf(turn: Exclude<Turn, { readonly kind: 'held' | 'impossible' }>): string {
  if (turn.kind === 'unready') return turn.why
  if (turn.kind === 'dirty') return `run ${turn.run} to be cleaned (${turn.why})`
  return turn.run === null
    ? `${turn.name}, which somebody else has`
    : `run ${turn.run}, which has ${turn.name}`
}

/** The row as it is now, if it is queued still. */
async function fresh(world: QueueWorld, id: string): Promise<RunRow | null> {
  const row = await world.store.run(id)
  return row?.state === 'queued' ? row : null
}
