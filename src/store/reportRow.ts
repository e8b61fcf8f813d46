import type { SQLInputValue } from 'node:sqlite'
import { fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'
import {
  type FailedReport,
  type NewReport,
  REPORT_KINDS,
  type Report,
  type UnsentReport,
} from '../model/report.ts'

/** A row of `reports`, and `told` of its run: with `paramsOfReport` the only place that knows its columns' names and shapes. */
export function reportOf(row: unknown): Report {
  const fields = fieldsOf(row, 'report')
  return {
    seq: numberOf(fields, 'seq'),
    key: textOf(fields, 'key'),
    kind: oneOf(fields, 'kind', REPORT_KINDS),
    runId: optional(fields, 'run_id', textOf),
    repository: textOf(fields, 'repository'),
    installationId: numberOf(fields, 'installation_id'),
    pr: numberOf(fields, 'pr'),
    commentId: optional(fields, 'comment_id', numberOf),
    body: textOf(fields, 'body'),
    terminal: numberOf(fields, 'terminal') === 1,
    attempts: numberOf(fields, 'attempts'),
    createdAtMs: numberOf(fields, 'created_at'),
    told: numberOf(fields, 'told') === 1,
    againAtMs: numberOf(fields, 'again_at'),
  }
}

export function failedReportOf(row: unknown): FailedReport {
  const fields = fieldsOf(row, 'report')
  return {
    key: textOf(fields, 'key'),
    kind: oneOf(fields, 'kind', REPORT_KINDS),
    runId: optional(fields, 'run_id', textOf),
    repository: textOf(fields, 'repository'),
    pr: numberOf(fields, 'pr'),
    attempts: numberOf(fields, 'attempts'),
    createdAtMs: numberOf(fields, 'created_at'),
    error: textOf(fields, 'error'),
  }
}

export function unsentReportOf(row: unknown): UnsentReport {
  const fields = fieldsOf(row, 'report')
  return {
    key: textOf(fields, 'key'),
    kind: oneOf(fields, 'kind', REPORT_KINDS),
    state: oneOf(fields, 'state', ['pending', 'failed']),
    runId: optional(fields, 'run_id', textOf),
    repository: textOf(fields, 'repository'),
    pr: numberOf(fields, 'pr'),
    terminal: numberOf(fields, 'terminal') === 1,
    attempts: numberOf(fields, 'attempts'),
    createdAtMs: numberOf(fields, 'created_at'),
    notBeforeMs: numberOf(fields, 'not_before'),
    error: optional(fields, 'error', textOf),
  }
}

/** A new report as the parameters of its insert, named as its columns. */
export function paramsOfReport(
  report: NewReport,
  state: 'pending' | 'superseded',
  notBeforeMs: number,
  createdAtMs: number,
): Record<string, SQLInputValue> {
  return {
    key: report.key,
    kind: report.kind,
    state,
    run_id: report.runId,
    repository: report.repository,
    installation_id: report.installationId,
    pr: report.pr,
    comment_id: report.commentId,
    body: report.body,
    terminal: report.terminal ? 1 : 0,
    not_before: notBeforeMs,
    created_at: createdAtMs,
  }
}
