import type { FieldName } from './fields.ts'
import type { EventRow } from './row.ts'

/** What every event of a run's way carries, so that one filter finds all of a run, a recipe, a domain or a pull request. */
const OF_RUN = ['run', 'recipe', 'domain', 'pr'] as const satisfies readonly FieldName[]

/** A run on its way: each is told once, when it is known to be so. */
export const RUN_EVENTS = {
  'run.queued': { level: 'info', means: 'It was asked for and is in the queue', fields: [...OF_RUN, 'sha'] },
  'run.waits': {
    level: 'info',
    means: 'What it waits for in the queue has changed',
    fields: [...OF_RUN, 'waitsFor', 'place'],
  },
  'run.starting': {
    level: 'info',
    means: 'The service has the locks of all of its names for it, and starts it',
    fields: OF_RUN,
  },
  'run.requeued': {
    level: 'warn',
    means: 'The service that was starting it died, nothing of it had begun: it is queued again',
    fields: OF_RUN,
  },
  'run.locked': {
    level: 'info',
    means: 'Its own process has the locks now, and has written its first line',
    fields: OF_RUN,
  },
  'run.running': { level: 'info', means: 'The records say that it runs', fields: OF_RUN },
  'run.prepared': {
    level: 'info',
    means: 'The commit is checked out, or cannot be',
    fields: [...OF_RUN, 'fault'],
  },
  'stage.started': { level: 'info', means: 'A stage has begun', fields: [...OF_RUN, 'stage'] },
  'stage.ended': {
    level: 'info',
    means: 'A stage is over',
    fields: [...OF_RUN, 'stage', 'outcome', 'exitCode', 'tookMs'],
  },
  'run.stopping': {
    level: 'info',
    means: 'It has been told to stop before its end: by a person, a deadline, a signal',
    fields: [...OF_RUN, 'reason'],
  },
  'run.kept': {
    level: 'info',
    means: 'It is red, and is kept for inspection before it is torn down',
    fields: [...OF_RUN, 'forMs'],
  },
  'run.recovering': {
    level: 'warn',
    means: 'The process that conducted it died, and another one has it: that only tears down',
    fields: [...OF_RUN, 'processes'],
  },
  'run.tearing_down': { level: 'info', means: 'The records say that it is being torn down', fields: OF_RUN },
  'teardown.started': { level: 'info', means: 'Teardown has begun', fields: OF_RUN },
  'teardown.verified': {
    level: 'info',
    means: 'The kernel has shown that nothing of it is left',
    fields: [...OF_RUN, 'tookMs', 'ended'],
  },
  'teardown.unverified': {
    level: 'warn',
    means: 'Something of it is left, or nothing shows that nothing is: its names stay dirty',
    fields: [...OF_RUN, 'tookMs', 'ended', 'left'],
  },
  'run.concluded': {
    level: 'info',
    means: 'It is over; GitHub is to be told',
    fields: [...OF_RUN, 'conclusion', 'reason'],
  },
} as const satisfies Readonly<Record<string, EventRow>>
