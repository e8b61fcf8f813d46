import type { EventRow } from './row.ts'

/** The service itself: parts of it that fail and go on, and what people ask of names by hand. */
export const SERVICE_EVENTS = {
  'service.ready': {
    level: 'info',
    means: 'It takes webhooks',
    fields: ['url', 'webhooks', 'stateDir', 'recipes', 'switchedOff'],
  },
  'config.reloaded': {
    level: 'info',
    means: 'Another configuration is in force, with its recipes',
    fields: ['changed', 'recipes', 'switchedOff'],
  },
  'config.refused': {
    level: 'warn',
    means: 'A configuration that was to be in force has faults, or needs a restart; the one before still is',
    fields: ['faults'],
  },
  'run.taken_over': {
    level: 'warn',
    means: 'Its end was taken over from the process that had it; nulls = none is known',
    fields: ['run', 'how', 'by', 'pid', 'startTime', 'boot', 'isThisBoot'],
  },
  'check.incomplete': {
    level: 'warn',
    means: 'Something that a check run shows besides how it stands cannot be had; it is left out',
    fields: ['run', 'error'],
  },
  'order.ended': {
    level: 'info',
    means: 'What a person asked of a name is done, or cannot be',
    fields: ['order', 'domain', 'by', 'outcome', 'detail'],
  },
  'order.failed': {
    level: 'error',
    means: 'Carrying it out failed',
    fields: ['order', 'domain', 'error'],
    isFault: true,
  },
  'order.unrecorded': {
    level: 'error',
    means: 'What came of it is not in the records, which take nothing now; it stays open',
    fields: ['order', 'domain', 'error'],
    isFault: true,
  },
  'ceiling.enforced': {
    level: 'warn',
    means: 'A run process past its ceiling was killed; its wrapper starts the next one, which tears down',
    fields: ['run', 'why'],
  },
  'ceiling.unknown': {
    level: 'warn',
    means: 'Whether a run is past its ceiling cannot be told; said once',
    fields: ['run', 'why'],
  },
  'run.unreadable': {
    level: 'warn',
    means: 'The record of a run cannot be read; it is left as it is',
    fields: ['run', 'state', 'error'],
    isFault: true,
  },
  'dispatch.failed': {
    level: 'error',
    means: 'Starting a run failed; it is tried again',
    fields: ['error'],
    more: ['run'],
    isFault: true,
  },
  'follow.failed': {
    level: 'error',
    means: 'Following a live run failed; the next look comes',
    fields: ['run', 'error'],
    isFault: true,
  },
  'reap.failed': {
    level: 'error',
    means: 'Recovering a dead run failed; the next look comes',
    fields: ['run', 'error'],
    isFault: true,
  },
  'retell.failed': {
    level: 'error',
    means: 'What a queued check says could not be brought up to date',
    fields: ['run', 'error'],
    isFault: true,
  },
  'waits.failed': {
    level: 'error',
    means: 'What a queued run waits for could not be told',
    fields: ['run', 'error'],
    isFault: true,
  },
  'queue.notes_failed': {
    level: 'error',
    means: 'A folder could not be told that the records know the run’s end',
    fields: ['error'],
    more: ['run'],
    isFault: true,
  },
  'intake.failed': {
    level: 'error',
    means: 'Deciding webhooks failed as a whole; it goes on in a moment',
    fields: ['error'],
    isFault: true,
  },
  'loop.failed': {
    level: 'error',
    means: 'A pass of a part failed; the next one comes',
    fields: ['loop', 'error'],
    isFault: true,
  },
  'web.failed': {
    level: 'error',
    means: 'A page could not be made',
    fields: ['path', 'error'],
    isFault: true,
  },
} as const satisfies Readonly<Record<string, EventRow>>
