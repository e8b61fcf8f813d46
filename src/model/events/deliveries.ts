import type { EventRow } from './row.ts'

/** Webhooks, what they lead to, and looks for those that never came. */
export const DELIVERY_EVENTS = {
  'delivery.stored': {
    level: 'info',
    means: 'A webhook is on disk, and was answered after that',
    fields: ['delivery', 'webhook', 'isNew'],
  },
  'delivery.decided': {
    level: 'info',
    means: 'What a webhook leads to is in the records',
    fields: ['delivery', 'outcome', 'isNew', 'runs', 'comments', 'receivedAtMs'],
  },
  'delivery.undecided': {
    level: 'warn',
    means: 'It could not be decided now, and is tried again or given up',
    fields: ['delivery', 'error'],
  },
  'delivery.refused': {
    level: 'warn',
    means: 'Not a webhook of GitHub’s, or none that can be taken now; it is kept nowhere',
    fields: ['delivery', 'status'],
  },
  'delivery.aborted': {
    level: 'warn',
    means: 'Whoever sent it broke off before its end',
    fields: ['error'],
  },
  'delivery.unverifiable': {
    level: 'warn',
    means: 'Its signature could not be looked at',
    fields: ['error'],
    isFault: true,
  },
  'delivery.unreadable': {
    level: 'error',
    means: 'GitHub has signed it, and it is not what GitHub documents',
    fields: ['delivery', 'error'],
    isFault: true,
  },
  'delivery.given_up': {
    level: 'error',
    means: 'Not even a refusal could be decided: nothing comes of it, and nobody is told',
    fields: ['delivery', 'reason', 'error'],
    isFault: true,
  },
  'delivery.lost': {
    level: 'error',
    means: 'It could not be stored; GitHub was answered 503',
    fields: ['delivery', 'error'],
    isFault: true,
  },
  'reconcile.found': {
    level: 'warn',
    means: 'A look at GitHub has found what no webhook told',
    fields: ['where', 'what', 'count'],
  },
  'reconcile.passed_over': {
    level: 'warn',
    means: 'A comment was found that is too old to be answered',
    fields: ['repository', 'comment'],
  },
  'reconcile.put_off': {
    level: 'warn',
    means: 'A look at GitHub failed, and comes again later',
    fields: ['look', 'failures', 'error'],
    more: ['repository'],
    isFault: true,
  },
  'reconcile.unreadable': {
    level: 'warn',
    means: 'A comment that was found cannot be read; those beside it are',
    fields: ['repository', 'error'],
    isFault: true,
  },
  'reconcile.pull_unknown': {
    level: 'warn',
    means: 'How a pull request stands could not be asked',
    fields: ['repository', 'pr', 'error'],
  },
  'reconcile.checks_unknown': {
    level: 'warn',
    means: 'The check runs of a commit could not be asked',
    fields: ['repository', 'sha', 'error'],
  },
} as const satisfies Readonly<Record<string, EventRow>>
