import type { Time } from './time.ts'

/** Requests under way at a time: one that hangs stands in nobody's way. */
const MOST_AT_ONCE = 8
const GRACE_MS = 5_000

/** Work under way, one piece for each lane. */
export interface Flights {
  isFull(): boolean
  has(lane: string): boolean
  /** `work` gets the signal that cuts it, and must not reject. */
  start(lane: string, work: (cut: AbortSignal) => Promise<void>): void
  /** Resolves when all has ended: by itself, or cut after a grace. */
  land(): Promise<void>
}

/** `landed` is called after each piece of work, when its lane is free again. */
export function flightsIn(time: Time, landed: () => void): Flights {
  const cutting = new AbortController()
  const lanes = new Map<string, Promise<void>>()

  async function fly(lane: string, work: (cut: AbortSignal) => Promise<void>): Promise<void> {
    await work(cutting.signal)
    lanes.delete(lane)
    landed()
  }

  return {
    isFull: () => lanes.size >= MOST_AT_ONCE,
    has: (lane) => lanes.has(lane),
    start(lane, work) {
      lanes.set(lane, fly(lane, work))
    },
    async land() {
      const down = new AbortController()
      const all = Promise.all(lanes.values()).then(() => down.abort())
      await time.sleepUntil(time.now() + GRACE_MS, down.signal)
      cutting.abort(new Error('The outbox is being closed'))
      await all
    },
  }
}
