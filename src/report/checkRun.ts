import type { operations } from '@octokit/openapi-types'
import { HarnessError } from '../errors.ts'
import { oneLine } from '../model/cutText.ts'
import { EMPTY_JOURNAL, type Journal } from '../model/journal.ts'
import { JUST_QUEUED } from '../model/justQueued.ts'
import type { NewRun, RunRow } from '../model/ports.ts'
import type { NewReport } from '../model/report.ts'
import { isOver } from '../model/run.ts'
import { checkAnnotations } from './annotations.ts'
import { type CheckExtras, NO_EXTRAS } from './extras.ts'
import { summaryOf } from './summary.ts'
import { fencedTail } from './text.ts'
import { titleOf } from './title.ts'

/** The body that creates a check run, as GitHub's description of its API has it. */
export type CheckBody = operations['checks/create']['requestBody']['content']['application/json']

/** GitHub's limits: the title by its database column; summary and text in characters and in bytes, of which bytes are the stricter. */
const MOST_TITLE = 255
const MOST_BYTES = 65_535

/** The first report of a run that is being queued. */
export function firstCheck(run: NewRun, detailsUrl: string | null): NewReport {
  return checkReport({ ...run, ...JUST_QUEUED }, EMPTY_JOURNAL, { ...NO_EXTRAS, detailsUrl })
}

/**
 * The report of a run's check. `row` is the run as it is once the change that comes with the report is made (so with state,
 * verdict and time of its end, if it ends), otherwise as it was just read: its count of reports makes the key, the same for
 * ever for this place in the run's history whatever the report says. A row that has grown stale makes a key that is taken, which
 * the store refuses.
 * @throws HarnessError CHECK_REPORT for a concluded run without a verdict
 */
export function checkReport(row: RunRow, journal: Journal, extras: CheckExtras): NewReport {
  return {
    key: `check:${row.id}:${row.reports}`,
    kind: 'check',
    runId: row.id,
    repository: row.repository,
    installationId: row.installationId,
    pr: row.pr,
    commentId: null,
    body: JSON.stringify(checkBody(row, journal, extras)),
    terminal: isOver(row.state),
  }
}

/** A run's check as GitHub is to show it; within GitHub's limits whatever the texts are. Pure. */
export function checkBody(row: RunRow, journal: Journal, extras: CheckExtras): CheckBody {
  const text = fencedTail(extras.logTail, MOST_BYTES)
  const annotations = isOver(row.state) ? checkAnnotations(extras.annotations) : []
  return {
    name: checkName(row.recipe),
    head_sha: row.sha,
    external_id: row.id,
    ...(extras.detailsUrl === null ? {} : { details_url: extras.detailsUrl }),
    ...lifeOf(row),
    output: {
      title: oneLine(titleOf(row, journal, extras), MOST_TITLE) || row.state,
      summary: summaryOf(row, journal, extras),
      ...(text === '' ? {} : { text }),
      ...(annotations.length === 0 ? {} : { annotations: [...annotations] }),
    },
    actions: isOver(row.state) ? [RERUN] : [CANCEL],
  }
}

function checkName(recipe: string): string {
  return `berth / ${recipe}`
}

/** GitHub takes labels and identifiers of 20 and descriptions of 40 characters. The identifier comes back in `requested_action`. */
const CANCEL = {
  label: 'Cancel',
  description: 'End this run and tear it down',
  identifier: 'cancel',
}
const RERUN = {
  label: 'Re-run',
  description: 'Run this recipe again at this commit',
  identifier: 'rerun',
}

function lifeOf(row: RunRow): Partial<CheckBody> {
  if (row.state === 'queued') return { status: 'queued' }
  const started = row.startedAtMs === null ? {} : { started_at: isoTime(row.startedAtMs) }
  if (!isOver(row.state)) return { status: 'in_progress', ...started }
  if (row.verdict === null || row.concludedAtMs === null)
    throw new HarnessError('CHECK_REPORT', `Run ${row.id} is concluded without a verdict or a time`)
  return {
    status: 'completed',
    conclusion: row.verdict.conclusion,
    ...started,
    completed_at: isoTime(row.concludedAtMs),
  }
}

/** GitHub documents whole seconds: YYYY-MM-DDTHH:MM:SSZ. */
function isoTime(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d{3}Z$/, 'Z')
}
