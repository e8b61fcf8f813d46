import { HarnessError } from '../errors.ts'
import type { Time } from './time.ts'

/**
 * Makes a call that ends at its deadline, or when `outer` is aborted, at the latest. Its signal is aborted then, so that what still
 * waits inside it has no effect later.
 * @throws HarnessError GITHUB_TIMEOUT, or the reason of `outer`
 */
export async function withDeadline<T>(
  time: Time,
  mostMs: number,
  what: string,
  outer: AbortSignal,
  call: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const cut = new AbortController()
  const done = new AbortController()
  const follow = () => cut.abort(outer.reason)
  if (outer.aborted) follow()
  outer.addEventListener('abort', follow, { once: true })
  void expire(time, mostMs, what, done.signal, cut)
  try {
    return await Promise.race([aborted(cut.signal), call(cut.signal)])
  } finally {
    done.abort()
    outer.removeEventListener('abort', follow)
  }
}

async function expire(
  time: Time,
  mostMs: number,
  what: string,
  done: AbortSignal,
  cut: AbortController,
): Promise<void> {
  await time.sleepUntil(time.now() + mostMs, done)
  if (!done.aborted)
    cut.abort(new HarnessError('GITHUB_TIMEOUT', `No answer to ${what} within ${mostMs / 1000} s`))
}

function aborted(signal: AbortSignal): Promise<never> {
  const { promise, reject } = Promise.withResolvers<never>()
  if (signal.aborted) reject(signal.reason)
  signal.addEventListener('abort', () => reject(signal.reason), { once: true })
  return promise
}
