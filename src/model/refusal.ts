/** Why something that was asked for is not done: stable codes, for machines and for people, each with one sentence. */
export const REFUSALS = {
  bad_command: 'The line could not be read as a command.',
  bad_argument: 'An argument is not one that the recipe takes.',
  not_enrolled: 'This repository is not enrolled here.',
  not_permitted: 'Your permission on this repository is not enough.',
  rate_limited: 'Too many commands or runs within an hour.',
  command_loop: 'The same was asked for too often at the same commit.',
  crash_loop: 'The recipe keeps failing in the harness at this commit.',
  pr_closed: 'The pull request is closed.',
  unknown_recipe: 'There is no such recipe for this repository.',
  ambiguous_recipe: 'Several recipes are enrolled here, and none is the default.',
  recipe_unavailable: 'The recipe is enrolled, but no run of it can start.',
  fork_refused: 'Code of forks is not run here.',
  fork_needs_isolation: 'Code of forks is only run where it is isolated, and nothing isolates it here.',
  fork_needs_approval: 'This commit comes from a fork and nobody has approved it.',
  head_moved: 'The pull request may have changed since this was asked for.',
  unknown_domain: 'No run of this pull request deploys there.',
  ambiguous_domain: 'The recipes of this repository deploy at several domains.',
  no_such_run: 'There is no such run on this pull request.',
  ambiguous_run: 'Several runs are not over yet.',
  github_refused: 'GitHub does not give the facts that a decision needs.',
  too_late: 'GitHub never delivered this comment, and it was found over an hour after it was written.',
  undecidable: 'The command could not be decided, in many attempts.',
} as const satisfies Readonly<Record<string, string>>

export type RefusalReason = keyof typeof REFUSALS

export interface Refusal {
  readonly kind: 'refusal'
  readonly reason: RefusalReason
  /** Markdown: what exactly, and the way out; untrusted text is in code spans. */
  readonly detail: string
}

export function refuse(reason: RefusalReason, detail: string): Refusal {
  return { kind: 'refusal', reason, detail }
}
