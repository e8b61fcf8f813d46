import type { Time } from './time.ts'

/** Requests under way at a time, in all and of one installation: one whose requests all hang stands in nobody's way. */
const MOST_AT_ONCE = 64
const MOST_OF_ONE = 8
const GRACE_MS = 5_000

/** Work under way, one piece for each lane. */
export interface Flights {
  /** How many lanes have something under way. */
  count(): number
  isFull(): boolean
  /** Installations that have as much under way as one may. */
  full(): readonly number[]
  has(lane: string): boolean
  /** `work` gets the signal that cuts it, and must not reject. */
  start(lane: string, installationId: number, work: (cut: AbortSignal) => Promise<void>): void
  /** Resolves when all has ended: by itself, or cut after a grace. */
  land(): Promise<void>
}

/** `landed` is called after each piece of work, when its lane is free again. */
export function flightsIn(time: Time, landed: () => void): Flights {
  const cutting = new AbortController()
  const lanes = new Map<string, Promise<void>>()
  const ofInstallation = new Map<number, number>()

  function count(installationId: number, change: 1 | -1): void {
    const now = (ofInstallation.get(installationId) ?? 0) + change
    if (now === 0) ofInstallation.delete(installationId)
    else ofInstallation.set(installationId, now)
  }

  async function fly(
    lane: string,
    installationId: number,
    work: (cut: AbortSignal) => Promise<void>,
  ): Promise<void> {
    await work(cutting.signal)
    lanes.delete(lane)
    count(installationId, -1)
    landed()
  }

  return {
    count: () => lanes.size,
    isFull: () => lanes.size >= MOST_AT_ONCE,
    full: () => [...ofInstallation].filter(([, now]) => now >= MOST_OF_ONE).map(([id]) => id),
    has: (lane) => lanes.has(lane),
    start(lane, installationId, work) {
      count(installationId, 1)
      lanes.set(lane, fly(lane, installationId, work))
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
