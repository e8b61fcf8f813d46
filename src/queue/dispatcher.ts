import { setImmediate as turn } from 'node:timers/promises'
import type { QueueNews } from '../model/queued.ts'
import { type Suppressed, timeText } from '../model/rateLimits.ts'
import { Attempts } from './attempts.ts'
import { Line, type Standing } from './line.ts'
import type { QueueWorld, Started } from './ports.ts'
import { Slots } from './slots.ts'
import { endStopped, waitFor } from './starting.ts'

/** A name that no event announced as free is met so many milliseconds later at most. */
export const DISPATCH_EVERY_MS = 500

const LOOPS_EVERY_MS = 5_000

/** Before it is looked again who can start. */
const MOST_TOLD = 20

export interface Dispatcher {
  /**
   * Starts what can start: asks the machine for runs that are the first for all of their names, as many at a time as there are free slots, and
   * reads of the queue what was written since the last pass. Does not wait for recoveries that this begins.
   */
  readonly pass: () => Promise<void>
  /** Starts nothing more, and waits for runs that are being started; not for recoveries, which go on without us. */
  readonly close: () => Promise<void>
}

/**
 * Starts queued runs: each waits at the head of all of its names, so that no younger run on one of them passes it, and a busy name holds up
 * nobody but those who want it. Free slots go round the repositories.
 * @param started called with every run that was started
 */
export function createDispatcher(
  world: QueueWorld,
  started: (runId: string, run: Started) => void,
): Dispatcher {
  const line = new Line()
  const slots = new Slots(world.slots)
  const isTried = (runId: string) => attempts.has(runId)
  const full = () => tellHeads(world, line, slots, isTried)
  const attempts = new Attempts(world, slots, { started, full })
  let closed = false
  const places = placesOfGone(world, isTried)
  const lookAgain = queueReader(world, line, (news) => {
    attempts.changed([...news.left, ...news.queued.map(({ id }) => id)])
    places.heard(news)
  })

  /** @returns whether there is more to tell */
  async function passOnce(): Promise<boolean> {
    // Until it is known who stands where now.
    attempts.offer([])
    slots.occupied(await world.store.live())
    await lookAgain()
    const touched = line.takeTouched()
    try {
      places.giveUp()
      await clearWay(world, line, touched, isTried)
      if (world.isOff('dispatch')) await putAside(world, line, isTried)
      else attempts.offer(line.heads())
      await full()
      return await tellTouched(world, line, touched, isTried)
    } catch (error) {
      for (const id of touched) line.touch(id)
      throw error
    }
  }

  return {
    async pass() {
      for (let isMore = true; isMore; ) {
        isMore = (await passOnce()) && !closed
        // The store answers within one turn of the event loop: nobody else would be served before the last one is told, webhooks least of all.
        if (isMore) await turn()
      }
    },
    close() {
      closed = true
      return attempts.close()
    },
  }
}

/** Brings the line up to what was written; all is read before any of it counts, so that a store that fails is asked for the same again. */
function queueReader(
  { store, suppressed, now }: QueueWorld,
  line: Line,
  changed: (news: QueueNews) => void,
): () => Promise<void> {
  let known: { readonly version: string; readonly upTo: number } | null = null
  /** When loops are looked at again, and when they were last: a clock that was set back tells nothing. */
  let [restUntilMs, lookedAtMs] = [0, 0]
  const isDue = (nowMs: number) =>
    nowMs >= restUntilMs || nowMs - lookedAtMs >= LOOPS_EVERY_MS || nowMs < lookedAtMs

  return async () => {
    const version = await store.version()
    const isNew = version !== known?.version
    const news = isNew ? await store.queueSince(known?.upTo ?? null) : null
    // Only a run that has ended can make a loop, or end one; what is taken for one may be set anew.
    const loops = (news?.left.length ?? 0) > 0 || isDue(now()) ? await suppressed() : null
    if (news !== null) {
      line.apply(news)
      changed(news)
      known = { version, upTo: news.upTo }
    }
    if (loops !== null) {
      line.suppress(loops)
      lookedAtMs = now()
      restUntilMs = Math.min(...loops.map((loop) => loop.untilMs))
    }
    line.promote(now())
  }
}

/**
 * Places of those who have left the queue: whoever ended one, whatever has failed after that, and whether its record can be read, nobody else gives
 * them up. One that is just being tried may take one once more: it leaves when that is over.
 */
function placesOfGone({ machine }: QueueWorld, isTried: (id: string) => boolean) {
  const gone = new Set<string>()
  return {
    heard({ queued, left }: QueueNews): void {
      for (const id of left) gone.add(id)
      for (const { id } of queued) gone.delete(id)
    },
    giveUp(): void {
      for (const id of gone) {
        if (isTried(id)) continue
        machine.leaveTurn(id)
        gone.delete(id)
      }
    },
  }
}

/** Before anybody is tried: who may not start any more gives up the place among the waiters of its names. */
async function clearWay(
  world: QueueWorld,
  line: Line,
  touched: readonly string[],
  isTried: (id: string) => boolean,
): Promise<void> {
  for (const id of touched) {
    const standing = line.standingOf(id)
    if (standing?.kind === 'stopped') await endStopped(world, id, standing.stop)
    else if (standing === null || standing.kind === 'head') continue
    else if (isTried(id)) line.touch(id)
    else world.machine.leaveTurn(id)
  }
}

/**
 * One that is just being tried may take a place that is not its own any more: it is looked at once more when that is over.
 * @returns whether some are still to be told: to tell a thousand takes seconds, and who comes meanwhile may be able to start
 */
async function tellTouched(
  world: QueueWorld,
  line: Line,
  touched: readonly string[],
  isTried: (id: string) => boolean,
): Promise<boolean> {
  let told = 0
  for (const id of touched) {
    const words = wordsOf(line.standingOf(id))
    if (words === null || words === line.waitsForOf(id)) continue
    if (told === MOST_TOLD || isTried(id)) line.touch(id)
    else {
      await waitFor(world, { id, waitsFor: line.waitsForOf(id) }, words)
      told += 1
    }
  }
  return told === MOST_TOLD
}

async function tellHeads(
  world: QueueWorld,
  line: Line,
  slots: Slots,
  isTried: (id: string) => boolean,
): Promise<void> {
  if (slots.free > 0 || world.isOff('dispatch')) return
  const news = line.heads().filter(({ run }) => !isTried(run.id) && run.waitsFor !== slots.words)
  for (const { run } of news.slice(0, MOST_TOLD)) await waitFor(world, run, slots.words)
}

/** Whoever else wants their names meanwhile, by hand or in the foreground, does not stand behind what is not going to start. */
async function putAside(world: QueueWorld, line: Line, isTried: (id: string) => boolean): Promise<void> {
  for (const { run } of line.heads()) {
    if (isTried(run.id)) continue
    world.machine.leaveTurn(run.id)
    await waitFor(world, run, 'the operator to switch dispatching on again')
  }
}

/** What one waits for that is not to be tried; null = nothing that is known before. */
function wordsOf(standing: Standing | null): string | null {
  if (standing?.kind === 'suppressed') return loopWords(standing.loop)
  if (standing?.kind === 'behind') return `run ${standing.ahead}, which is ahead of it for ${standing.name}`
  return null
}

function loopWords({ recipe, times, untilMs }: Suppressed): string {
  return `crash_loop: ${recipe} has ended in a fault of the harness ${times} times in a row at this commit, and rests until ${timeText(untilMs)}`
}
