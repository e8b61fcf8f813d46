import type { EventRow } from './row.ts'

/** What becomes of runs’ traces: nothing is told for each of them. */
export const TRACE_EVENTS = {
  'traces.failing': {
    level: 'warn',
    means: 'The collector does not take traces: they wait, and of too many the oldest are dropped. Said once',
    fields: ['error'],
  },
  'traces.recovered': {
    level: 'info',
    means: 'It takes them again; how many never arrive',
    fields: ['dropped'],
  },
  'traces.refused': {
    level: 'warn',
    means: 'The collector refuses what is sent for good. Said once until it takes one',
    fields: ['error'],
  },
  'traces.fault': {
    level: 'warn',
    means: 'The trace of a run cannot be made from its record, and never arrives',
    fields: ['run', 'error'],
    isFault: true,
  },
  'traces.lost': {
    level: 'warn',
    means: 'The service ended before the collector had them',
    fields: ['dropped'],
  },
} as const satisfies Readonly<Record<string, EventRow>>
