import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { type Fields, fieldsOf, optional, textOf } from '../../src/model/read.ts'

/** One line of the service's log. */
export interface LogLine {
  readonly event: string
  /** Wall clock, milliseconds. */
  readonly atMs: number
  readonly fields: Fields
}

/** What the service says, as far as somebody waits for it. */
export interface ServiceLog {
  /** The first line from now on that fits. Rejects when the service ends before. */
  readonly next: (fits: (line: LogLine) => boolean) => Promise<LogLine>
  /** How many lines there were of each event. */
  readonly count: (event: string) => number
}

interface Waiter extends PromiseWithResolvers<LogLine> {
  readonly fits: (line: LogLine) => boolean
}

/** @param last what is known of a service that ended */
export function readServiceLog(output: Readable, last: () => string): ServiceLog {
  const counts = new Map<string, number>()
  const waiters = new Set<Waiter>()
  createInterface(output)
    .on('line', (text) => {
      const line = lineOf(text)
      counts.set(line.event, (counts.get(line.event) ?? 0) + 1)
      for (const waiter of waiters) {
        if (!waiter.fits(line)) continue
        waiters.delete(waiter)
        waiter.resolve(line)
      }
    })
    .on('close', () => {
      for (const waiter of waiters) waiter.reject(new Error(`The service ended: ${last()}`))
    })
  return {
    next(fits) {
      const waiter = { ...Promise.withResolvers<LogLine>(), fits }
      waiter.promise.catch(() => undefined)
      waiters.add(waiter)
      return waiter.promise
    },
    count: (event) => counts.get(event) ?? 0,
  }
}

function lineOf(text: string): LogLine {
  const fields = fieldsOf(JSON.parse(text), 'line of the log')
  return { event: optional(fields, 'msg', textOf) ?? '', atMs: Date.parse(textOf(fields, 'time')), fields }
}
