import { pino } from 'pino'
import type { EventLog, EventName } from './model/events.ts'
import { lineOutput } from './process/lineOutput.ts'

const STANDARD_OUTPUT = 1

/**
 * The service's log: one JSON line an event on standard output, the event's name as the message. Not through pino's own destination: one error of it
 * ends the process, and at its end it writes again and again for ever.
 */
export function createLog(level: string): EventLog {
  return pino({ base: null, level, timestamp: pino.stdTimeFunctions.isoTime }, lineOutput(STANDARD_OUTPUT))
}

/** The same log; whatever it is told, the observer hears too, at any level. */
export function observedLog(
  log: EventLog,
  observer: { readonly observe: (event: EventName, data: object) => void },
): EventLog {
  return {
    info(data, event) {
      log.info(data, event)
      observer.observe(event, data)
    },
    warn(data, event) {
      log.warn(data, event)
      observer.observe(event, data)
    },
    error(data, event) {
      log.error(data, event)
      observer.observe(event, data)
    },
  }
}
