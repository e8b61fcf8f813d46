/** Looking at locks reads /proc: many open pages cost one look in so many milliseconds. */
export const LOOK_EVERY_MS = 500

/** What `read` gives, read again when it is older than so many milliseconds: many who ask cost one look. */
export function remembered<T>(read: () => T, forMs: number, now: () => number): () => T {
  let last: { readonly value: T; readonly atMs: number } | null = null
  return () => {
    const atMs = now()
    if (last === null || atMs < last.atMs || atMs - last.atMs >= forMs) last = { value: read(), atMs }
    return last.value
  }
}
