/** Looking at locks reads /proc: many open pages cost one look in so many milliseconds. */
export const LOOK_EVERY_MS = 500

/** What `read` gives, read again when it is older than so many milliseconds: many who ask cost one look. */
export function remembered<T>(read: () => T, forMs: number, now: () => number): () => T {
  return remembering(read, forMs, now).lately
}

/** The same, and for whoever needs what is there now: those who do not are served by it, too. */
export function remembering<T>(read: () => T, forMs: number, now: () => number) {
  let last: { readonly value: T; readonly atMs: number } | null = null
  function readNow(atMs: number): T {
    last = { value: read(), atMs }
    return last.value
  }
  return {
    now: () => readNow(now()),
    lately(): T {
      const atMs = now()
      const isOld = last === null || atMs < last.atMs || atMs - last.atMs >= forMs
      return last === null || isOld ? readNow(atMs) : last.value
    },
  }
}
