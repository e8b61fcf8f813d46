import type { HubEvent, PublicHub } from '../hub.ts'
import { findPull, type Memory, repositoryById } from '../memory.ts'
import type { Account, Comment, Pull } from '../records.ts'
import { accountAnswer } from './accounts.ts'
import { installationAnswer } from './app.ts'
import { checkRunInEvent, checkSuiteInEvent } from './checkRun.ts'
import { commentAnswer } from './comment.ts'
import { pullAnswer } from './pull.ts'
import { repositoryEnvelope } from './repository.ts'
import { nodeId, type Schemas, timeOf } from './schemas.ts'

type Of<Name extends HubEvent['name']> = Extract<HubEvent, { readonly name: Name }>

/** The payload of an event, in the shape of GitHub's webhooks. */
export function eventPayload(hub: PublicHub, event: HubEvent): object {
  switch (event.name) {
    case 'issue_comment':
      return commentPayload(hub, event)
    case 'pull_request':
      return pullPayload(hub, event)
    case 'check_run':
      return checkRunPayload(hub, event)
    case 'check_suite':
      return checkSuitePayload(hub, event)
    case 'repository':
      return repositoryPayload(hub, event)
    case 'installation':
      return installationPayload(hub, event)
  }
}

function commentPayload(
  hub: PublicHub,
  event: Of<'issue_comment'>,
):
  | Schemas['webhook-issue-comment-created']
  | Schemas['webhook-issue-comment-edited']
  | Schemas['webhook-issue-comment-deleted'] {
  const { url, memory } = hub
  const common = {
    issue: issueAnswer(url, memory, event.comment),
    comment: commentAnswer(url, memory, event.comment),
    ...envelope(hub, event.comment.repositoryId, event.sender),
  }
  if (event.action !== 'edited') return { action: event.action, ...common }
  return { action: 'edited', changes: { body: { from: event.before } }, ...common }
}

function pullPayload(
  hub: PublicHub,
  event: Of<'pull_request'>,
):
  | Schemas['webhook-pull-request-opened']
  | Schemas['webhook-pull-request-closed']
  | Schemas['webhook-pull-request-reopened']
  | Schemas['webhook-pull-request-synchronize'] {
  const { pull } = event
  const common = {
    number: pull.number,
    pull_request: pullAnswer(hub.url, hub.memory, pull),
    ...envelope(hub, pull.repositoryId, event.sender),
  }
  if (event.action !== 'synchronize') return { action: event.action, ...common }
  return { action: 'synchronize', before: event.before, after: pull.head.sha, ...common }
}

function checkRunPayload(
  hub: PublicHub,
  event: Of<'check_run'>,
):
  | Schemas['webhook-check-run-created']
  | Schemas['webhook-check-run-completed']
  | Schemas['webhook-check-run-rerequested']
  | Schemas['webhook-check-run-requested-action'] {
  const common = {
    check_run: checkRunInEvent(
      hub.url,
      hub.memory,
      event.checkRun,
      event.action === 'rerequested' ? hub.now() : null,
    ),
    ...envelope(hub, event.checkRun.repositoryId, event.sender),
  }
  if (event.action !== 'requested_action') return { action: event.action, ...common }
  return { action: event.action, requested_action: { identifier: event.identifier }, ...common }
}

function checkSuitePayload(
  hub: PublicHub,
  event: Of<'check_suite'>,
): Schemas['webhook-check-suite-rerequested'] {
  return {
    action: event.action,
    check_suite: checkSuiteInEvent(hub.url, hub.memory, event.checkRun, hub.now()),
    ...envelope(hub, event.checkRun.repositoryId, event.sender),
  }
}

function repositoryPayload(
  hub: PublicHub,
  event: Of<'repository'>,
): Schemas['webhook-repository-renamed'] | Schemas['webhook-repository-archived'] {
  const common = envelope(hub, event.repository.id, event.sender)
  if (event.action === 'archived') return { action: 'archived', ...common }
  return { action: 'renamed', changes: { repository: { name: { from: event.before } } }, ...common }
}

/** It is about the account, and names no repository of it. */
function installationPayload(
  { url, memory, now }: PublicHub,
  { action, sender }: Of<'installation'>,
): object {
  const suspended = action === 'suspend' ? timeOf(now()) : null
  return {
    action,
    installation: { ...installationAnswer(url, memory), suspended_at: suspended },
    sender: accountAnswer(url, sender),
  }
}

function envelope({ url, memory }: PublicHub, repositoryId: number, sender: Account) {
  return {
    ...repositoryEnvelope(url, memory, repositoryById(memory, repositoryId)),
    sender: accountAnswer(url, sender),
  }
}

/** A pull request as an issue: the comment events know it only so, without its head commit. */
function issueAnswer(url: string, memory: Memory, comment: Comment) {
  const pull = pullOf(memory, comment)
  const answer = pullAnswer(url, memory, pull)
  return {
    url: answer.issue_url,
    repository_url: answer.base.repo.url,
    labels_url: `${answer.issue_url}/labels{/name}`,
    comments_url: answer.comments_url,
    events_url: `${answer.issue_url}/events`,
    html_url: answer.html_url,
    id: pull.id,
    node_id: nodeId('PR', pull.id),
    number: pull.number,
    title: pull.title,
    user: answer.user,
    labels: [],
    state: pull.state,
    locked: pull.locked,
    active_lock_reason: null,
    assignee: null,
    assignees: [],
    milestone: null,
    comments: answer.comments,
    created_at: answer.created_at,
    updated_at: answer.updated_at,
    closed_at: answer.closed_at,
    author_association: answer.author_association,
    draft: false,
    body: pull.body,
    pull_request: {
      url: answer.url,
      html_url: answer.html_url,
      diff_url: answer.diff_url,
      patch_url: answer.patch_url,
      merged_at: null,
    },
    reactions: noReactions(`${answer.issue_url}/reactions`),
  }
}

function pullOf(memory: Memory, comment: Comment): Pull {
  const pull = findPull(memory, comment.repositoryId, comment.issue)
  if (pull === null) throw new Error(`comment ${comment.id} belongs to no pull request`)
  return pull
}

function noReactions(url: string): Schemas['reaction-rollup'] {
  return {
    url,
    total_count: 0,
    '+1': 0,
    '-1': 0,
    laugh: 0,
    confused: 0,
    heart: 0,
    hooray: 0,
    eyes: 0,
    rocket: 0,
  }
}
