import { messageOf } from '../errors.ts'
import type { Order, OrderEnd } from '../model/order.ts'
import type { Store } from '../model/ports.ts'
import { type Loop, startLoop } from './loop.ts'
import type { QueueLog } from './ports.ts'

/** What came of an order. */
export type Done = Pick<OrderEnd, 'outcome' | 'detail'>

/** Names of this machine, as a person handles them. */
export interface ByHand {
  /** Waits for the name in turn, `mostMs` at most, and has a process of its own keep it. Done already = says so; aborted = `withdrawn`. */
  readonly hold: (order: Order, mostMs: number, signal: AbortSignal) => Promise<Done>
  readonly release: (order: Order) => Done
}

export interface OrderWorld {
  readonly store: Pick<Store, 'openOrders' | 'endOrder'>
  readonly byHand: ByHand
  /** A reply has something new to tell. */
  readonly ended: () => void
  readonly now: () => number
  readonly log: QueueLog
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

  async function carryOut(order: Order): Promise<void> {
    if (order.action === 'hold') return holds.begin(order)
    await holds.withdraw(order)
    await end(world, order, world.byHand.release(order))
  }

  const loop = startLoop('orders', LOOK_EVERY_MS, world.log, async () => {
    for (const order of await world.store.openOrders())
      await carryOut(order).catch((error: unknown) => fail(world, order, error))
  })

  async function close(): Promise<void> {
    await loop.close()
    await holds.close()
  }

  return { ...loop, close, [Symbol.asyncDispose]: close }
}

interface Waiting {
  readonly order: Order
  readonly cut: AbortController
  readonly ended: Promise<void>
}

/** Holds that wait for their turn, each once. */
function holdsIn(world: OrderWorld) {
  const waiting = new Map<string, Waiting>()
  let closed = false

  async function hold(order: Order, cut: AbortController): Promise<void> {
    const leftMs = order.orderedAtMs + order.forMs - world.now()
    const mostMs = Math.min(Math.max(0, leftMs), order.forMs)
    const done = await world.byHand.hold(order, mostMs, cut.signal)
    if (closed && done.outcome === 'withdrawn') return
    await end(world, order, done)
  }

  return {
    begin(order: Order): void {
      if (waiting.has(order.id)) return
      const cut = new AbortController()
      const ended = hold(order, cut)
        .catch((error: unknown) => fail(world, order, error))
        .finally(() => waiting.delete(order.id))
      waiting.set(order.id, { order, cut, ended })
    },
    /** Who releases a name wants nobody to get it who asked before: older holds of it are given up, or have it by now. */
    async withdraw(release: Order): Promise<void> {
      const older = [...waiting.values()].filter(({ order }) => order.name === release.name)
      for (const { cut } of older) cut.abort()
      await Promise.all(older.map(({ ended }) => ended))
    },
    async close(): Promise<void> {
      closed = true
      const all = [...waiting.values()]
      for (const { cut } of all) cut.abort()
      await Promise.all(all.map(({ ended }) => ended))
    },
  }
}

async function end(world: OrderWorld, order: Order, done: Done): Promise<void> {
  if (!(await world.store.endOrder(order.id, { ...done, atMs: world.now() }))) return
  const { id, name, by } = order
  world.log.info({ order: id, domain: name, by, ...done }, `order.${done.outcome}`)
  world.ended()
}

async function fail(world: OrderWorld, order: Order, error: unknown): Promise<void> {
  const detail = messageOf(error)
  world.log.error({ order: order.id, domain: order.name, error: detail }, 'order.failed')
  await end(world, order, { outcome: 'failed', detail })
}
