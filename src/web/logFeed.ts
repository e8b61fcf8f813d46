import type { StateReads } from './ports.ts'

/** What those who follow a log hear: `still` = nothing new for a while. */
export type News = 'grown' | 'over' | 'still'

export interface Feeds<T> {
  /** Waits until a log has another size than this one, its run is over, or a while has passed. */
  readonly news: (id: string, log: string, size: number, signal: AbortSignal) => Promise<News>
  /** What is the same for all who follow a log from one place is made once. */
  readonly shared: (id: string, log: string, key: string, make: () => T) => T
}

const LOOK_EVERY_MS = 250
/** A run's folder is looked at less often: that reads its journal. */
const LOOKS_TO_END = 8
const STILL_LOOKS = 60

interface Waiter {
  readonly size: number
  looks: number
  readonly tell: (news: News) => void
}

interface Feed<T> {
  readonly waiters: Set<Waiter>
  last: { readonly key: string; readonly value: T } | null
}

type Reads = Pick<StateReads, 'readLog' | 'runLook'>

/** One look at a log for all who follow it. Nothing is kept of a log that nobody waits at. */
export function feedsOn<T>(reads: Reads): Feeds<T> {
  const feeds = new Map<string, Feed<T>>()

  function feedOf(id: string, log: string): Feed<T> {
    const key = `${id}/${log}`
    const known = feeds.get(key)
    if (known !== undefined) return known
    const waiters = new Set<Waiter>()
    const look = lookAt(reads, id, log, waiters)
    const timer = setInterval(() => {
      if (waiters.size > 0) return look()
      clearInterval(timer)
      feeds.delete(key)
    }, LOOK_EVERY_MS).unref()
    const feed = { waiters, last: null }
    feeds.set(key, feed)
    return feed
  }

  return {
    news: (id, log, size, signal) =>
      signal.aborted ? Promise.resolve('over') : told(feedOf(id, log).waiters, size, signal),
    shared(id, log, key, make) {
      const feed = feeds.get(`${id}/${log}`)
      if (feed === undefined) return make()
      if (feed.last?.key !== key) feed.last = { key, value: make() }
      return feed.last.value
    },
  }
}

function told(waiters: Set<Waiter>, size: number, signal: AbortSignal): Promise<News> {
  const { promise, resolve } = Promise.withResolvers<News>()
  const stop = () => tell('over')
  const waiter: Waiter = { size, looks: 0, tell }
  function tell(news: News): void {
    signal.removeEventListener('abort', stop)
    waiters.delete(waiter)
    resolve(news)
  }
  signal.addEventListener('abort', stop, { once: true })
  waiters.add(waiter)
  return promise
}

function lookAt({ readLog, runLook }: Reads, id: string, log: string, waiters: ReadonlySet<Waiter>) {
  let looks = 0
  return () => {
    looks += 1
    // First the end, then the size: what is written before the end is never missed.
    const isOver = looks % LOOKS_TO_END === 0 && runLook(id)?.result !== null
    const size = readLog(id, log, 0, { bytes: 0 })?.size ?? null
    for (const waiter of waiters) {
      waiter.looks += 1
      if (size === null || (isOver && size === waiter.size)) waiter.tell('over')
      else if (size !== waiter.size) waiter.tell('grown')
      else if (waiter.looks >= STILL_LOOKS) waiter.tell('still')
    }
  }
}
