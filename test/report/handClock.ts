import type { Time } from '../../src/report/time.ts'

/** A clock that goes on when a test says so. */
export interface HandClock extends Time {
  advance(ms: number): void
  /** Somebody sets the wall clock ahead. */
  jump(ms: number): void
  /** Resolves when somebody begins to sleep until that time. */
  nextSleeper(atMs: number): Promise<void>
}

export function handClock(startMs: number): HandClock {
  const sleepers = new Map<() => void, number>()
  const watchers: { readonly atMs: number; readonly seen: () => void }[] = []
  let nowMs = startMs
  let upMs = 0

  function jump(ms: number): void {
    nowMs += ms
    for (const [wake, atMs] of sleepers) if (atMs <= nowMs) wake()
  }

  return {
    now: () => nowMs,
    upMs: () => upMs,
    sleepUntil(atMs, signal) {
      const { promise, resolve } = Promise.withResolvers<void>()
      if (signal.aborted || atMs <= nowMs) return Promise.resolve()
      sleepers.set(wake, atMs)
      for (const watcher of watchers) if (watcher.atMs === atMs) watcher.seen()
      signal.addEventListener('abort', wake, { once: true })
      return promise

      function wake(): void {
        sleepers.delete(wake)
        resolve()
      }
    },
    nextSleeper(atMs) {
      const { promise, resolve } = Promise.withResolvers<void>()
      watchers.push({ atMs, seen: resolve })
      return promise
    },
    jump,
    advance(ms) {
      upMs += ms
      jump(ms)
    },
  }
}
