import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../errors.ts'
import type { EventLog } from '../model/events.ts'
import type { Order, OrderEnd } from '../model/order.ts'
import type { Store } from '../model/ports.ts'
import { type Loop, startLoop } from './loop.ts'

/** What came of an order. */
export type Done = Pick<OrderEnd, 'outcome' | 'detail'>

/** Names of this machine, as a person handles them. */
export interface ByHand {
  /**
   * Waits for the name in turn, `mostMs` at most, and has a process of its own keep it. Done already = says so; aborted = `withdrawn`; with no time
   * left it is not made.
   */
  readonly hold: (order: Order, mostMs: number, signal: AbortSignal) => Promise<Done>
  readonly release: (order: Order) => Done
}

export interface OrderWorld {
  readonly store: Pick<Store, 'openOrders' | 'beginOrder' | 'endOrder'>
  readonly byHand: ByHand
  /** Carries out nothing for now: orders stay open, and holds that wait for their turn give their place up. */
  readonly isOff?: () => boolean
  /** A reply has something new to tell. */
  readonly ended: () => void
  readonly now: () => number
  readonly log: EventLog
}

export interface OrderLoop extends Loop, AsyncDisposable {}

/** An order that no event announced is met so many milliseconds later at most. */
const LOOK_EVERY_MS = 2_000

/**
 * Carries out what people ask of names by hand. What is open when the service ends is taken up by the next one; a hold that was begun is found
 * again by its note, and not begun twice.
 */
export function startOrders(world: OrderWorld): OrderLoop {
  const holds = holdsIn(world)

  const done = new Map<string, Done>()

  async function carryOut(order: Order): Promise<void> {
    if (order.action === 'hold') return holds.begin(order)
    await end(world, order, done.get(order.id) ?? (await released(order)))
    done.delete(order.id)
  }

  /** Once, whatever becomes of its record: somebody else may have the name by the next time. */
  async function released(order: Order): Promise<Done> {
    if (!(await world.store.beginOrder(order.id, world.now()))) return BEGUN
    await holds.withdraw(order)
    const outcome = releaseOrFail(world, order)
    done.set(order.id, outcome)
    return outcome
  }

  const loop = startLoop('orders', LOOK_EVERY_MS, world.log, async () => {
    if (world.isOff?.() === true) return holds.rest()
    for (const order of await world.store.openOrders())
      await carryOut(order).catch((error: unknown) => unrecorded(world, order, error))
  })

  async function close(): Promise<void> {
    await loop.close()
    await holds.rest()
  }

  return { ...loop, close, [Symbol.asyncDispose]: close }
}

/** Why a hold is cut that is not withdrawn. */
const LATER = 'later'

const BEGUN: Done = {
  outcome: 'failed',
  detail: 'a service began to carry it out and ended before it could say what came of it; see `berth locks`',
}

function releaseOrFail(world: OrderWorld, order: Order): Done {
  try {
    return world.byHand.release(order)
  } catch (error) {
    return failed(world, order, error)
  }
}

interface Waiting {
  readonly order: Order
  readonly cut: AbortController
  readonly ended: Promise<void>
}

/** Holds that wait for their turn, each once. */
function holdsIn(world: OrderWorld) {
  const waiting = new Map<string, Waiting>()

  async function hold(order: Order, cut: AbortController): Promise<void> {
    const leftMs = order.orderedAtMs + order.forMs - world.now()
    const done = await world.byHand
      .hold(order, Math.min(leftMs, order.forMs), cut.signal)
      .catch((error: unknown) => failed(world, order, error))
    if (cut.signal.reason === LATER && done.outcome === 'withdrawn') return
    await end(world, order, done)
  }

  return {
    begin(order: Order): void {
      if (waiting.has(order.id)) return
      const cut = new AbortController()
      const ended = hold(order, cut)
        .catch((error: unknown) => unrecorded(world, order, error))
        .finally(() => waiting.delete(order.id))
      waiting.set(order.id, { order, cut, ended })
    },
    /** Who releases a name wants nobody to get it who asked before: older holds of it are given up, or have it by now. */
    async withdraw(release: Order): Promise<void> {
      const older = [...waiting.values()].filter(
        ({ order }) => order.name === release.name && isBefore(order, release),
      )
      for (const { cut } of older) cut.abort()
      await endedOrRecovering(older)
    },
    /** What waits is taken up again by whoever looks at open orders next. */
    async rest(): Promise<void> {
      const all = [...waiting.values()]
      for (const { cut } of all) cut.abort(LATER)
      await endedOrRecovering(all)
    },
  }
}

async function end(world: OrderWorld, order: Order, done: Done): Promise<void> {
  if (!(await world.store.endOrder(order.id, { ...done, atMs: world.now() }))) return
  const { id, name, by } = order
  world.log.info({ order: id, domain: name, by, ...done }, 'order.ended')
  world.ended()
}

function failed({ log }: OrderWorld, order: Order, error: unknown): Done {
  const detail = messageOf(error)
  log.error({ order: order.id, domain: order.name, error: detail }, 'order.failed')
  return { outcome: 'failed', detail }
}

/** What came of it is not in the records, which take nothing now: it stays open, and the next look finds what has been done. */
function unrecorded({ log }: OrderWorld, order: Order, error: unknown): void {
  log.error({ order: order.id, domain: order.name, error: messageOf(error) }, 'order.unrecorded')
}

function isBefore(one: Order, other: Order): boolean {
  return one.orderedAtMs === other.orderedAtMs ? one.id < other.id : one.orderedAtMs < other.orderedAtMs
}

/** A hold that was cut ends at once, but for one that recovers a dead run: that goes on without us, as every recovery does. */
async function endedOrRecovering(all: readonly Waiting[]): Promise<void> {
  const over = new AbortController()
  const ended = Promise.all(all.map((one) => one.ended)).finally(() => over.abort())
  await Promise.race([ended, pause(RECOVERING_MS, undefined, { signal: over.signal }).catch(() => undefined)])
}

const RECOVERING_MS = 2_000
