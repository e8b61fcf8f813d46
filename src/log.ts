import { type Logger, pino } from 'pino'
import { lineOutput } from './process/lineOutput.ts'

/** Where parts of the service say what happens: one event name per transition, with its facts. */
export interface EventLog {
  readonly info: (data: object, event: string) => void
  readonly warn: (data: object, event: string) => void
  readonly error: (data: object, event: string) => void
}

const STANDARD_OUTPUT = 1

/**
 * The service's log: one JSON line an event on standard output, the event's name as the message. Not through pino's own destination: one error of it
 * ends the process, and at its end it writes again and again for ever.
 */
export function createLog(level: string): Logger {
  return pino({ base: null, level, timestamp: pino.stdTimeFunctions.isoTime }, lineOutput(STANDARD_OUTPUT))
}

/** The same log; whatever it is told, the observer hears too, at any level. */
export function observedLog(
  log: EventLog,
  observer: { readonly observe: (event: string, data: object) => void },
): EventLog {
  const tee = (level: keyof EventLog) => (data: object, event: string) => {
    log[level](data, event)
    observer.observe(event, data)
  }
  return { info: tee('info'), warn: tee('warn'), error: tee('error') }
}
