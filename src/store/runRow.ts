import type { SQLInputValue } from 'node:sqlite'
import type { NewRun, RunRow } from '../model/ports.ts'
import { type Fields, numberOf, oneOf, optional, textMapOf, textOf, textsOf } from '../model/read.ts'
import { readStopRequest } from '../model/readJournal.ts'
import { RUN_STATES, readVerdict } from '../model/run.ts'

/** A row of `runs`: with `paramsOfRun` the only place that knows its columns' names and shapes. */
export function runOf(fields: Fields): RunRow {
  return {
    ...whatOf(fields),
    ...whereOf(fields),
    state: oneOf(fields, 'state', RUN_STATES),
    waitsFor: optional(fields, 'waits_for', textOf),
    stage: optional(fields, 'stage', textOf),
    startedAtMs: optional(fields, 'started_at', numberOf),
    concludedAtMs: optional(fields, 'concluded_at', numberOf),
    verdict: optional(fields, 'verdict', (_, key) => readVerdict(jsonOf(fields, key))),
    stop: optional(fields, 'stop', (_, key) => readStopRequest(jsonOf(fields, key))),
    attempts: numberOf(fields, 'attempts'),
    checkRunId: optional(fields, 'check_run_id', numberOf),
    reports: numberOf(fields, 'reports'),
  }
}

function whatOf(fields: Fields) {
  return {
    id: textOf(fields, 'id'),
    priority: numberOf(fields, 'priority'),
    enqueuedAtMs: numberOf(fields, 'enqueued_at'),
    recipe: textOf(fields, 'recipe'),
    arguments: textMapOf({ arguments: jsonOf(fields, 'arguments') }, 'arguments'),
    keepMs: numberOf(fields, 'keep_ms'),
    domain: textOf(fields, 'domain'),
    names: textsOf({ names: jsonOf(fields, 'names') }, 'names'),
    actor: textOf(fields, 'actor'),
    commentId: optional(fields, 'comment_id', numberOf),
  }
}

function whereOf(fields: Fields) {
  return {
    repository: textOf(fields, 'repository'),
    repositoryId: textOf(fields, 'repository_id'),
    installationId: numberOf(fields, 'installation_id'),
    cloneUrl: textOf(fields, 'clone_url'),
    pr: numberOf(fields, 'pr'),
    sha: textOf(fields, 'sha'),
    pinnedAtMs: numberOf(fields, 'pinned_at'),
    ref: textOf(fields, 'ref'),
    fork: numberOf(fields, 'fork') === 1,
  }
}

function jsonOf(fields: Fields, key: string): unknown {
  return JSON.parse(textOf(fields, key))
}

/** A new run as the parameters of its insert, named as its columns. */
export function paramsOfRun(run: NewRun): Record<string, SQLInputValue> {
  return {
    id: run.id,
    priority: run.priority,
    enqueued_at: run.enqueuedAtMs,
    repository: run.repository,
    repository_id: run.repositoryId,
    installation_id: run.installationId,
    clone_url: run.cloneUrl,
    pr: run.pr,
    sha: run.sha,
    pinned_at: run.pinnedAtMs,
    ref: run.ref,
    fork: run.fork ? 1 : 0,
    recipe: run.recipe,
    arguments: JSON.stringify(run.arguments),
    keep_ms: run.keepMs,
    domain: run.domain,
    names: JSON.stringify(run.names),
    actor: run.actor,
    comment_id: run.commentId,
  }
}
