import { JUST_QUEUED } from '../../src/model/justQueued.ts'
import type { Decided, Delivery, NewRun, RunRow } from '../../src/model/ports.ts'
import type { NewReport } from '../../src/model/report.ts'
import type { Verdict } from '../../src/model/run.ts'

export const SHA = '0123456789abcdef0123456789abcdef01234567'

export const PASSED: Verdict = {
  conclusion: 'success',
  reason: 'passed',
  title: 'All 2 stages passed',
  exitCode: 0,
}

export function aDelivery(id: string, change: Partial<Delivery> = {}): Delivery {
  return { id, event: 'issue_comment', payload: `{"delivery":"${id}"}`, receivedAtMs: 1_000, ...change }
}

export function aRun(id: string, change: Partial<NewRun> = {}): NewRun {
  return {
    id,
    priority: 0,
    enqueuedAtMs: 1_000,
    repository: 'acme/site',
    repositoryId: '42',
    installationId: 7,
    cloneUrl: 'https://github.test/acme/site.git',
    pr: 12,
    sha: SHA,
    pinnedAtMs: 900,
    ref: 'refs/pull/12/head',
    fork: false,
    recipe: 'hello',
    arguments: { size: 's' },
    keepMs: 0,
    domain: 'site-hello-pr12.ci.test',
    names: ['r:port-1', 'site-hello-pr12.ci.test'],
    actor: 'octocat',
    commentId: 99,
    ...change,
  }
}

export function aRow(id: string, change: Partial<RunRow> = {}): RunRow {
  return {
    ...aRun(id),
    ...JUST_QUEUED,
    ...change,
  }
}

export function aCheck(runId: string, n: number, change: Partial<NewReport> = {}): NewReport {
  return {
    key: `check:${runId}:${n}`,
    kind: 'check',
    runId,
    repository: 'acme/site',
    installationId: 7,
    pr: 12,
    commentId: null,
    body: `{"state":${n}}`,
    terminal: false,
    ...change,
  }
}

export function aReaction(commentId: number): NewReport {
  return {
    ...aCheck('', 0),
    key: `reaction:${commentId}`,
    kind: 'reaction',
    runId: null,
    commentId,
    body: '{"content":"eyes"}',
  }
}

export function aDecision(deliveryId: string, change: Partial<Decided> = {}): Decided {
  return {
    deliveryId,
    atMs: 1_500,
    outcome: 'run_queued',
    subjects: [],
    runs: [],
    reports: [],
    stops: [],
    uses: [],
    heads: [],
    approvals: [],
    replies: [],
    orders: [],
    moves: [],
    ...change,
  }
}
