import type { Command, CommandFault } from '../model/command.ts'
import type { RunRow } from '../model/ports.ts'
import type { Actor, ButtonEvent, CommentEvent, Repository, SuiteEvent } from './event.ts'
import type { DeliveryHead } from './ports.ts'

/** Somebody asks for something on a pull request. Comments and the buttons of a check take one way from here. */
export interface Asked {
  readonly repository: Repository
  readonly pr: number
  readonly actor: Actor
  readonly commands: readonly (Command | CommandFault)[]
  /** GitHub's clock where it says when; milliseconds. */
  readonly askedAtMs: number
  /** The commit of the check whose button was pressed; null for comments. */
  readonly namedSha: string | null
  /** The comment to react to; null for buttons. */
  readonly commentId: number | null
  /** What is acted on: once, whatever the number of deliveries. */
  readonly subject: string
  /** A press that led to nothing may be made again; a comment is answered once. */
  readonly repeatable: boolean
  /** Names the reply; unique for ever. */
  readonly topic: string
  /** Whoever asks hears of it elsewhere: nothing is said on GitHub. */
  readonly unsaid?: true
  /** The operator's own word: GitHub is not asked for a permission. */
  readonly isOperator?: true
}

export function askedByComment(event: CommentEvent, commands: Asked['commands']): Asked {
  const { repository, pr, actor, commentId } = event
  return {
    repository,
    pr,
    actor,
    commands,
    askedAtMs: event.createdAtMs,
    namedSha: null,
    commentId,
    subject: subjectOfComment(commentId),
    repeatable: false,
    topic: String(commentId),
  }
}

/** A comment is acted on once, however it is heard of. */
export function subjectOfComment(commentId: number): string {
  return `comment:${commentId}`
}

/**
 * A button asks for what a comment would: the same recipe and arguments again, or an end. A press has no id of its own, and the delivery's
 * is not signed: what GitHub has signed tells a replay from another press, since the check's suite changes with each (its `updated_at`).
 */
export function askedByButton(event: ButtonEvent, run: RunRow, delivery: DeliveryHead): Asked {
  const { repository, actor, button, action, checkRunId } = event
  return {
    repository,
    pr: run.pr,
    actor,
    commands: [button === 'cancel' ? { kind: 'cancel', target: { run: run.id } } : again(run)],
    askedAtMs: delivery.receivedAtMs,
    namedSha: run.sha,
    commentId: null,
    subject: `check:check_run:${action}:${checkRunId}:${actor.id}:${button}:${delivery.digest}`,
    repeatable: true,
    topic: `check:${checkRunId}:${delivery.id}`,
  }
}

/** Re-run of each of these runs, all of one pull request. */
export function askedBySuite(event: SuiteEvent, runs: readonly RunRow[], delivery: DeliveryHead): Asked {
  const { repository, actor, suiteId, sha } = event
  const pr = runs[0]?.pr ?? 0
  return {
    repository,
    pr,
    actor,
    commands: runs.map(again),
    askedAtMs: delivery.receivedAtMs,
    namedSha: sha,
    commentId: null,
    subject: `check:check_suite:rerequested:${suiteId}:${actor.id}:${delivery.digest}`,
    repeatable: true,
    topic: `suite:${suiteId}:${pr}:${delivery.id}`,
  }
}

function again({ recipe, arguments: given, keepMs }: RunRow): Command {
  return { kind: 'run', recipes: [recipe], arguments: given, keepMs }
}
