import type { Command, CommandFault } from '../model/command.ts'
import { lineOf } from '../model/commandFormat.ts'
import type { Asked } from './asked.ts'
import type { IntakeWorld } from './ports.ts'

/** What an actor's commands are counted under. */
export function actorKey({ actor }: Pick<Asked, 'actor'>): string {
  return `actor:${actor.login.toLowerCase()}`
}

/** What of them limits refused. */
export function refusedKey({ actor }: Pick<Asked, 'actor'>): string {
  return `refused:${actor.login.toLowerCase()}`
}

/** What a pull request's runs are counted under: only what somebody was permitted to start. */
export function pullRequestKey({ repository, pr }: Pick<Asked, 'repository' | 'pr'>): string {
  return `pr:${repository.id}:${pr}`
}

export function repositoryKey({ repository }: Pick<Asked, 'repository'>): string {
  return `repository:${repository.id}`
}

/** What an actor asks for again, word for word, at the same commit. */
export function repeatKey(
  command: Command | CommandFault,
  sha: string,
  { actor, repository, pr }: Asked,
  { hash }: Pick<IntakeWorld, 'hash'>,
): string {
  return `repeat:${hash(JSON.stringify([actor.id, repository.id, pr, sha, lineOf(command)]))}`
}
