import { type Logger, pino } from 'pino'

/** The service's log: one JSON line an event on standard output, the event's name as the message. Level from `LOG_LEVEL`. */
export function createLog(level: string | undefined): Logger {
  return pino({ base: null, level: level ?? 'info', timestamp: pino.stdTimeFunctions.isoTime })
}
