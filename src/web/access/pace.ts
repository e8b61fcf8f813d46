const MOST_KEYS = 10_000

/** Lets a key through so many times within the window. Returns how long it has to wait, in milliseconds; 0 = it is let through, and counted. */
export function paced(most: number, windowMs: number, now: () => number): (key: string) => number {
  const uses = new Map<string, readonly number[]>()

  /** Whoever comes under ever new keys pushes out the oldest, and takes no more memory. */
  function note(key: string, all: readonly number[]): void {
    uses.delete(key)
    uses.set(key, all)
    const [oldest] = uses.keys()
    if (uses.size > MOST_KEYS && oldest !== undefined) uses.delete(oldest)
  }

  return (key) => {
    const nowMs = now()
    const within = (uses.get(key) ?? []).filter((atMs) => atMs > nowMs - windowMs && atMs <= nowMs)
    const [first = nowMs] = within
    if (within.length >= most) return first + windowMs - nowMs
    note(key, [...within, nowMs])
    return 0
  }
}
