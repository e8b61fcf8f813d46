import { ACTION_EVENT } from '../model/action.ts'
import type { Delivery } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import { type ActionEvent, readAction } from './actionEvent.ts'
import {
  type GoneEvent,
  type MovedEvent,
  readInstallation,
  readInstallationRepositories,
  readRepositoryEvent,
} from './placeEvent.ts'

/** GitHub's repository, by what never changes (id) and by what its API wants (owner and name). */
export interface Repository {
  readonly id: string
  readonly fullName: string
  readonly owner: string
  readonly name: string
  readonly cloneUrl: string
  readonly installationId: number
}

export interface Actor {
  readonly id: number
  readonly login: string
}

export interface CommentEvent {
  readonly kind: 'comment'
  readonly repository: Repository
  readonly pr: number
  readonly actor: Actor
  readonly commentId: number
  readonly body: string
  readonly createdAtMs: number
}

/** What happened to a pull request's head; `atMs` is GitHub's clock. */
export interface PullRequestEvent {
  readonly kind: 'pushed' | 'closed' | 'reopened'
  readonly repository: Repository
  readonly pr: number
  readonly actor: Actor
  readonly sha: string
  readonly atMs: number
}

/** A button of a run's check: GitHub's own `Re-run`, or one of ours. */
export interface ButtonEvent {
  readonly kind: 'button'
  readonly repository: Repository
  readonly actor: Actor
  readonly button: Button
  readonly action: string
  readonly checkRunId: number
  /** The check's `external_id`: the run's id, if the check is ours. */
  readonly runId: string
}

/** GitHub's own "Re-run all checks" on a commit. */
export interface SuiteEvent {
  readonly kind: 'suite'
  readonly repository: Repository
  readonly actor: Actor
  readonly suiteId: number
  readonly sha: string
}

export const BUTTONS = ['rerun', 'cancel'] as const
type Button = (typeof BUTTONS)[number]

/** `why` is a word for the log and the page. */
interface IgnoredEvent {
  readonly kind: 'ignored'
  readonly why: string
}

export type IntakeEvent =
  | CommentEvent
  | PullRequestEvent
  | ButtonEvent
  | SuiteEvent
  | MovedEvent
  | GoneEvent
  | ActionEvent
  | IgnoredEvent

/**
 * What a delivery tells, read at this one border (payloads: docs.github.com, webhook events).
 * @throws TypeError naming the field that is not what GitHub documents
 */
export function readEvent(delivery: Pick<Delivery, 'event' | 'payload'>): IntakeEvent {
  if (delivery.event === ACTION_EVENT) return readAction(JSON.parse(delivery.payload))
  const read = READERS.get(delivery.event)
  if (read === undefined) return ignored('event_not_used')
  const fields = fieldsOf(JSON.parse(delivery.payload), delivery.event)
  if (optional(fields, 'installation', (all, key) => fieldsOf(all[key], key)) === null)
    return ignored('no_installation')
  return read(fields, textOf(fields, 'action'))
}

/** A map, since the name comes from outside: no object has a `constructor` here. */
const READERS: ReadonlyMap<string, (fields: Fields, action: string) => IntakeEvent> = new Map([
  ['issue_comment', readComment],
  ['pull_request', readPullRequest],
  ['check_run', readCheckRun],
  ['check_suite', readCheckSuite],
  ['repository', readRepositoryEvent],
  ['installation', readInstallation],
  ['installation_repositories', readInstallationRepositories],
])

export const EVENTS_READ: readonly string[] = [...READERS.keys()]

function readComment(fields: Fields, action: string): IntakeEvent {
  if (action !== 'created') return ignored(`comment_${action}`)
  const issue = fieldsOf(fields['issue'], 'issue')
  if (issue['pull_request'] === undefined || issue['pull_request'] === null) return ignored('no_pull_request')
  const comment = fieldsOf(fields['comment'], 'comment')
  const [writer, sender] = [fieldsOf(comment['user'], 'comment.user'), fieldsOf(fields['sender'], 'sender')]
  if (!isPerson(writer) || !isPerson(sender) || isByApp(comment)) return ignored('bot')
  if (numberOf(writer, 'id') !== numberOf(sender, 'id')) return ignored('not_the_writer')
  return {
    kind: 'comment',
    repository: readRepository(fields),
    pr: numberOf(issue, 'number'),
    actor: readActor(writer),
    commentId: numberOf(comment, 'id'),
    body: textOf(comment, 'body'),
    createdAtMs: timeOf(comment, 'created_at'),
  }
}

const PULL_REQUEST_KINDS: ReadonlyMap<string, PullRequestEvent['kind']> = new Map([
  ['synchronize', 'pushed'],
  ['closed', 'closed'],
  ['reopened', 'reopened'],
])

function readPullRequest(fields: Fields, action: string): IntakeEvent {
  const kind = PULL_REQUEST_KINDS.get(action)
  if (kind === undefined) return ignored(`pull_request_${action}`)
  const pullRequest = fieldsOf(fields['pull_request'], 'pull_request')
  return {
    kind,
    repository: readRepository(fields),
    pr: numberOf(pullRequest, 'number'),
    actor: readActor(fieldsOf(fields['sender'], 'sender')),
    sha: textOf(fieldsOf(pullRequest['head'], 'pull_request.head'), 'sha'),
    atMs: timeOf(pullRequest, 'updated_at'),
  }
}

function readCheckRun(fields: Fields, action: string): IntakeEvent {
  const button = buttonOf(fields, action)
  if (button === undefined) return ignored(`check_run_${action}`)
  const sender = fieldsOf(fields['sender'], 'sender')
  if (!isPerson(sender)) return ignored('bot')
  const checkRun = fieldsOf(fields['check_run'], 'check_run')
  return {
    kind: 'button',
    repository: readRepository(fields),
    actor: readActor(sender),
    button,
    action,
    checkRunId: numberOf(checkRun, 'id'),
    runId: optional(checkRun, 'external_id', textOf) ?? '',
  }
}

/** GitHub tells of its other actions, too: each push makes a suite. */
function readCheckSuite(fields: Fields, action: string): IntakeEvent {
  if (action !== 'rerequested') return ignored(`check_suite_${action}`)
  const sender = fieldsOf(fields['sender'], 'sender')
  if (!isPerson(sender)) return ignored('bot')
  const suite = fieldsOf(fields['check_suite'], 'check_suite')
  return {
    kind: 'suite',
    repository: readRepository(fields),
    actor: readActor(sender),
    suiteId: numberOf(suite, 'id'),
    sha: textOf(suite, 'head_sha'),
  }
}

function buttonOf(fields: Fields, action: string): Button | undefined {
  if (action === 'rerequested') return 'rerun'
  if (action !== 'requested_action') return undefined
  const identifier = textOf(fieldsOf(fields['requested_action'], 'requested_action'), 'identifier')
  return BUTTONS.find((button) => button === identifier)
}

function readRepository(fields: Fields): Repository {
  const repository = fieldsOf(fields['repository'], 'repository')
  return {
    id: String(numberOf(repository, 'id')),
    fullName: textOf(repository, 'full_name'),
    owner: textOf(fieldsOf(repository['owner'], 'repository.owner'), 'login'),
    name: textOf(repository, 'name'),
    cloneUrl: textOf(repository, 'clone_url'),
    installationId: numberOf(fieldsOf(fields['installation'], 'installation'), 'id'),
  }
}

function readActor(user: Fields): Actor {
  return { id: numberOf(user, 'id'), login: textOf(user, 'login') }
}

/** Apps comment as `Bot`, ours included; only people start anything. */
function isPerson(user: Fields): boolean {
  return user['type'] === 'User' && !textOf(user, 'login').endsWith('[bot]')
}

/** A person's comment that a program wrote for them. */
function isByApp(comment: Fields): boolean {
  return comment['performed_via_github_app'] !== undefined && comment['performed_via_github_app'] !== null
}

function timeOf(fields: Fields, key: string): number {
  const ms = Date.parse(textOf(fields, key))
  if (Number.isFinite(ms)) return ms
  throw new TypeError(`${key} must be a time, and is ${String(fields[key])}`)
}

function ignored(why: string): IgnoredEvent {
  return { kind: 'ignored', why }
}
