import type { EventLog } from '../model/events.ts'
import type { Report } from '../model/report.ts'
import type { OutboxNote } from '../report/send.ts'

/** What became of a report, as an event of the log. */
export function noteOutbox(log: EventLog, note: OutboxNote): void {
  switch (note.event) {
    case 'report.sent':
      return log.info({ ...aboutReport(note), ageMs: note.ageMs }, note.event)
    case 'report.put_off':
      return log.warn({ ...aboutReport(note), error: note.error, untilMs: note.untilMs }, note.event)
    case 'report.failed':
      return log.warn({ ...aboutReport(note), error: note.error }, note.event)
    case 'outbox.limited':
      return log.warn({ installationId: note.installationId, untilMs: note.untilMs }, note.event)
    case 'outbox.fault':
      return log.warn({ error: note.error }, note.event)
  }
}

function aboutReport({ report, attempts }: { readonly report: Report; readonly attempts: number }) {
  const { key, kind, terminal, repository, pr, runId, commentId } = report
  return {
    key,
    kind,
    terminal,
    repository,
    pr,
    attempts,
    ...(runId === null ? {} : { run: runId }),
    ...(commentId === null ? {} : { comment: commentId }),
  }
}
