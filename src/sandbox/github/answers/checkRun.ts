import { fullName, type Memory, pullsAtHead, repositoryById } from '../memory.ts'
import type { Annotation, CheckRun } from '../records.ts'
import { appAnswer } from './app.ts'
import { pullReference } from './pull.ts'
import { apiUrl, nodeId, type Schemas, timeOf, timeOrNull } from './schemas.ts'

/** A check run of a fork's commit names no pull request: GitHub only looks at branches of the repository itself. */
export function checkRunAnswer(url: string, memory: Memory, run: CheckRun) {
  const repository = fullName(repositoryById(memory, run.repositoryId))
  const api = `${apiUrl(url)}/repos/${repository}/check-runs/${run.id}`
  return {
    id: run.id,
    node_id: nodeId('CR', run.id),
    head_sha: run.sha,
    name: run.name,
    external_id: run.externalId,
    url: api,
    html_url: `${url}/${repository}/runs/${run.id}`,
    details_url: run.detailsUrl,
    status: run.status,
    conclusion: run.conclusion,
    started_at: timeOf(run.startedAtMs),
    completed_at: timeOrNull(run.completedAtMs),
    output: {
      ...run.output,
      annotations_count: run.annotations.length,
      annotations_url: `${api}/annotations`,
    },
    check_suite: { id: run.suiteId },
    app: appAnswer(url, memory.app),
    pull_requests: pullsAtHead(memory, run.repositoryId, run.sha).map((pull) =>
      pullReference(url, memory, pull),
    ),
  } satisfies Schemas['check-run']
}

export function annotationAnswer(url: string, sha: string, one: Annotation) {
  return {
    path: one.path,
    start_line: one.start_line,
    end_line: one.end_line,
    start_column: one.start_column ?? null,
    end_column: one.end_column ?? null,
    annotation_level: one.annotation_level,
    title: one.title ?? null,
    message: one.message,
    raw_details: one.raw_details ?? null,
    blob_href: `${url}/blob/${sha}/${one.path}`,
  } satisfies Schemas['check-annotation']
}

/** The same as webhooks show it: with its suite, which a new check run changes, and Re-run, which resets it to `queued`. */
export function checkRunInEvent(
  url: string,
  memory: Memory,
  run: CheckRun,
  rerequestedAtMs: number | null = null,
): Schemas['check-run-with-simple-check-suite'] {
  const answer = checkRunAnswer(url, memory, run)
  const [pull] = pullsAtHead(memory, run.repositoryId, run.sha)
  return {
    ...answer,
    check_suite: {
      id: run.suiteId,
      node_id: nodeId('CS', run.suiteId),
      head_branch: pull?.head.branch ?? null,
      head_sha: run.sha,
      status: rerequestedAtMs === null ? run.status : 'queued',
      conclusion: rerequestedAtMs === null ? run.conclusion : null,
      url: `${apiUrl(url)}/repos/${fullName(repositoryById(memory, run.repositoryId))}/check-suites/${run.suiteId}`,
      before: pull?.baseSha ?? null,
      after: run.sha,
      pull_requests: answer.pull_requests,
      app: answer.app,
      created_at: answer.started_at,
      updated_at: timeOf(rerequestedAtMs ?? suiteChangedAt(memory, run)),
    },
  }
}

function suiteChangedAt(memory: Memory, { suiteId }: CheckRun): number {
  const runs = [...memory.checkRuns.values()].filter((run) => run.suiteId === suiteId)
  return Math.max(...runs.map(({ startedAtMs, completedAtMs }) => completedAtMs ?? startedAtMs))
}

/** A suite that somebody wants run again, shown by one of its check runs. Of its commit only the id is known here. */
export function checkSuiteInEvent(
  url: string,
  memory: Memory,
  run: CheckRun,
  atMs: number,
): Schemas['webhook-check-suite-rerequested']['check_suite'] {
  const { app, pull_requests } = checkRunAnswer(url, memory, run)
  const [pull] = pullsAtHead(memory, run.repositoryId, run.sha)
  const suite = `${apiUrl(url)}/repos/${fullName(repositoryById(memory, run.repositoryId))}/check-suites/${run.suiteId}`
  const runs = [...memory.checkRuns.values()].filter(({ suiteId }) => suiteId === run.suiteId)
  const person = { name: 'unknown', email: null }
  const at = timeOf(atMs)
  return {
    id: run.suiteId,
    node_id: nodeId('CS', run.suiteId),
    head_branch: pull?.head.branch ?? null,
    head_sha: run.sha,
    status: 'queued',
    conclusion: null,
    url: suite,
    before: pull?.baseSha ?? null,
    after: run.sha,
    pull_requests,
    app: { ...app, events: [] },
    created_at: timeOf(run.startedAtMs),
    updated_at: at,
    check_runs_url: `${suite}/check-runs`,
    latest_check_runs_count: new Set(runs.map(({ name }) => name)).size,
    rerequestable: true,
    runs_rerequestable: true,
    head_commit: {
      id: run.sha,
      tree_id: run.sha,
      message: '',
      timestamp: at,
      author: person,
      committer: person,
    },
  }
}
