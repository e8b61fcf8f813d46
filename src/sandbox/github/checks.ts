import type { Hub } from './hub.ts'
import type {
  Account,
  Annotation,
  CheckAction,
  CheckConclusion,
  CheckOutput,
  CheckRun,
  CheckStatus,
} from './records.ts'

/** What an App says of a check run; what it leaves out stays as it is. Times in milliseconds. */
export interface CheckChange {
  readonly name?: string | undefined
  readonly externalId?: string | undefined
  readonly detailsUrl?: string | undefined
  readonly status?: CheckStatus | undefined
  readonly conclusion?: CheckConclusion | undefined
  readonly startedAtMs?: number | undefined
  readonly completedAtMs?: number | undefined
  readonly output?: Partial<CheckOutput> | undefined
  readonly annotations?: readonly Annotation[] | undefined
  readonly actions?: readonly CheckAction[] | undefined
}

export interface NewCheckRun extends CheckChange {
  readonly repositoryId: number
  readonly sha: string
  readonly name: string
}

export function createCheckRun(hub: Hub, request: NewCheckRun): CheckRun {
  const { memory } = hub
  const blank: CheckRun = {
    id: memory.nextId(),
    suiteId: suiteOf(hub, request.repositoryId, request.sha),
    repositoryId: request.repositoryId,
    sha: request.sha,
    name: request.name,
    externalId: '',
    detailsUrl: memory.app.homepage,
    status: 'queued',
    conclusion: null,
    startedAtMs: hub.now(),
    completedAtMs: null,
    output: { title: null, summary: null, text: null },
    annotations: [],
    actions: [],
  }
  const checkRun = keep(hub, changed(blank, request, hub.now()))
  hub.emit({ name: 'check_run', action: 'created', checkRun, sender: memory.app.bot })
  if (checkRun.status === 'completed') tellCompleted(hub, checkRun)
  return checkRun
}

export function updateCheckRun(hub: Hub, before: CheckRun, change: CheckChange): CheckRun {
  const checkRun = keep(hub, changed(before, change, hub.now()))
  if (checkRun.status === 'completed' && before.status !== 'completed') tellCompleted(hub, checkRun)
  return checkRun
}

/** A person presses GitHub's own Re-run: the App is told, the check run stays as it is until the App changes it. */
export function rerequestCheckRun(hub: Hub, checkRun: CheckRun, sender: Account): void {
  hub.emit({ name: 'check_run', action: 'rerequested', checkRun, sender })
}

/** A person presses GitHub's "Re-run all checks": one event for the App's whole suite. */
export function rerequestCheckSuite(hub: Hub, checkRun: CheckRun, sender: Account): void {
  hub.emit({ name: 'check_suite', action: 'rerequested', checkRun, sender })
}

/** A person presses one of the App's buttons. */
export function requestAction(hub: Hub, checkRun: CheckRun, identifier: string, sender: Account): void {
  hub.emit({ name: 'check_run', action: 'requested_action', checkRun, identifier, sender })
}

/** One check suite per commit and App. */
function suiteOf(hub: Hub, repositoryId: number, sha: string): number {
  const sibling = [...hub.memory.checkRuns.values()].find(
    (run) => run.repositoryId === repositoryId && run.sha === sha,
  )
  return sibling?.suiteId ?? hub.memory.nextId()
}

/** A conclusion completes a check run, and a completed one never goes back: GitHub keeps its status and conclusion. */
function changed(run: CheckRun, change: CheckChange, nowMs: number): CheckRun {
  const conclusion = change.conclusion ?? run.conclusion
  const completed = conclusion !== null
  return {
    ...run,
    name: change.name ?? run.name,
    externalId: change.externalId ?? run.externalId,
    detailsUrl: change.detailsUrl ?? run.detailsUrl,
    status: completed ? 'completed' : (change.status ?? run.status),
    conclusion,
    startedAtMs: change.startedAtMs ?? run.startedAtMs,
    completedAtMs: completed ? (change.completedAtMs ?? run.completedAtMs ?? nowMs) : null,
    output: { ...run.output, ...change.output },
    annotations: [...run.annotations, ...(change.annotations ?? [])],
    actions: change.actions ?? run.actions,
  }
}

function keep(hub: Hub, run: CheckRun): CheckRun {
  hub.memory.checkRuns.set(run.id, run)
  return run
}

function tellCompleted(hub: Hub, checkRun: CheckRun): void {
  hub.emit({ name: 'check_run', action: 'completed', checkRun, sender: hub.memory.app.bot })
}
