import type { EventRow } from './row.ts'

const REPORT = ['key', 'kind', 'terminal', 'repository', 'pr', 'attempts'] as const

/** What GitHub and the operator are told. */
export const REPORT_EVENTS = {
  'report.sent': {
    level: 'info',
    means: 'GitHub has been told',
    fields: [...REPORT, 'ageMs'],
    more: ['run', 'comment'],
  },
  'report.put_off': {
    level: 'warn',
    means: 'GitHub could not be told now; it is tried again',
    fields: [...REPORT, 'error', 'untilMs'],
    more: ['run', 'comment'],
  },
  'report.failed': {
    level: 'warn',
    means: 'Given up: `berth reports` lists it',
    fields: [...REPORT, 'error'],
    more: ['run', 'comment'],
  },
  'outbox.limited': {
    level: 'warn',
    means: 'GitHub limits an installation: it hears and is asked nothing until then',
    fields: ['installationId', 'untilMs'],
  },
  'outbox.fault': { level: 'warn', means: 'The outbox itself failed', fields: ['error'], isFault: true },
  'check.corrected': {
    level: 'warn',
    means: 'A check run lagged behind the end of its run; the end is sent once more',
    fields: ['run', 'repository', 'pr', 'was'],
  },
  'check.missing': { level: 'warn', means: 'A run that is over has no check run', fields: ['run'] },
  'check.unknown': {
    level: 'warn',
    means: 'A check run of ours that is not over is of a run that these records do not know',
    fields: ['check', 'run', 'repository', 'sha', 'was'],
  },
  'alarm.raised': {
    level: 'warn',
    means: 'Something that a person has to look at',
    fields: ['alarm', 'kind', 'subject', 'text'],
  },
  'alarm.sent': {
    level: 'info',
    means: 'The receiver of alarms has it',
    fields: ['alarm', 'kind', 'subject', 'attempts'],
  },
  'alarm.put_off': {
    level: 'warn',
    means: 'The receiver could not be told now; it is tried again',
    fields: ['alarm', 'kind', 'subject', 'attempts', 'error', 'untilMs'],
  },
  'alarm.given_up': {
    level: 'warn',
    means: 'The receiver will not be told any more',
    fields: ['alarm', 'kind', 'subject', 'attempts', 'error'],
  },
  'alarm.unreadable': {
    level: 'warn',
    means: 'The janitor left an alarm that cannot be read',
    fields: ['file'],
  },
  'alarms.fault': {
    level: 'error',
    means: 'Raising or sending alarms itself failed',
    fields: ['error'],
    isFault: true,
  },
} as const satisfies Readonly<Record<string, EventRow>>
