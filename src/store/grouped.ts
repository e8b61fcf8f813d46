import type { Database } from './database.ts'

/** Writes that share a transaction: each is undone by itself if it throws, and all are on disk when their promises resolve. */
export interface Grouped {
  write<T>(work: () => T): Promise<T>
  /** Writes what waits. */
  flush(): void
}

interface Waiting {
  /** Inside the transaction; returns what is to be said once it is on disk. */
  readonly run: () => () => void
  readonly failed: (error: unknown) => void
}

/**
 * A flush to disk takes much longer than the write before it, and nobody else is served meanwhile: what has come by the end of a turn of
 * the event loop goes together. Who comes alone waits for nobody.
 */
export function groupedOn(database: Database): Grouped {
  const written = writingOn(database)
  let waiting: Waiting[] = []

  function flush(): void {
    const all = waiting
    waiting = []
    if (all.length === 0) return
    try {
      for (const tell of written(all)) tell()
    } catch (error) {
      for (const { failed } of all) failed(error)
    }
  }

  return {
    flush,
    write(work) {
      const { promise, resolve, reject } = Promise.withResolvers<ReturnType<typeof work>>()
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({
        run: () => {
          const value = work()
          return () => resolve(value)
        },
        failed: reject,
      })
      return promise
    },
  }
}

function writingOn(database: Database): (all: readonly Waiting[]) => readonly (() => void)[] {
  const begin = database.prepare('SAVEPOINT one')
  const keep = database.prepare('RELEASE one')
  const undo = database.prepare('ROLLBACK TO one')

  function amongOthers({ run, failed }: Waiting): () => void {
    begin.run()
    try {
      const tell = run()
      keep.run()
      return tell
    } catch (error) {
      undo.run()
      keep.run()
      return () => failed(error)
    }
  }

  /** Who is the whole transaction needs no savepoint, which keeps a copy of every page that is written. */
  return (all) => {
    const [first, ...others] = all
    if (first !== undefined && others.length === 0) return [database.write(first.run)]
    return database.write(() => all.map(amongOthers))
  }
}
