import { runLine } from './commandFormat.ts'
import { inCode, toCopy } from './commandText.ts'
import { COMMAND_WORD } from './commandWord.ts'
import { isolatesCode } from './isolation.ts'
import type { PolicyConfig, PolicyFacts, RunPlan } from './policyFacts.ts'
import { type Refusal, refuse } from './refusal.ts'

/** Are the commits somebody else's than the repository's own writers'. A head that is gone counts as one. */
export function isFork({ pullRequest, repositoryId }: PolicyFacts): boolean {
  return pullRequest.headRepositoryId !== repositoryId
}

/** Why the head may not be run, or null. A button stands on one commit, whoever wrote it. */
export function forkRefusal(
  facts: PolicyFacts,
  config: PolicyConfig,
  plans: readonly RunPlan[],
): Refusal | null {
  const { headSha } = facts.pullRequest
  const lines = plans.map(runLine)
  if (facts.namedSha !== null && facts.namedSha !== headSha)
    return refuse(
      'head_moved',
      `The check is on ${shortSha(facts.namedSha)}, and the head is now ${headSha}. To test that, comment:\n${toCopy(...lines)}`,
    )
  if (!isFork(facts)) return null
  const exposing = plans.filter(({ recipe }) => !isolatesCode(recipe)).map(({ recipe }) => recipe.name)
  return (
    settingRefusal(config) ??
    exposedRefusal(exposing, config) ??
    movedRefusal(facts, lines) ??
    unapprovedRefusal(facts, lines)
  )
}

/** Why a writer's word for this commit is not taken, or null. */
export function approvalRefusal(sha: string, facts: PolicyFacts, config: PolicyConfig): Refusal | null {
  const { headSha } = facts.pullRequest
  const setting = settingRefusal(config) ?? uselessRefusal(facts, config) ?? staleRefusal(facts)
  if (setting !== null) return setting
  if (sha === headSha) return takenBackRefusal(sha, facts)
  const now = `${shortSha(sha)} is not the head any more: it is now ${headSha}.`
  return refuse('head_moved', `${now} If you have read that one, comment:\n${toCopy(approvalLine(headSha))}`)
}

/** Comments may be decided in another order than they were written in. */
function takenBackRefusal(sha: string, { takenBack }: PolicyFacts): Refusal | null {
  if (!takenBack.has(sha)) return null
  const how = 'This was taken back after your comment, or a push has ended it. If you mean it, comment again:'
  return refuse('fork_needs_approval', `${how}\n${toCopy(approvalLine(sha))}`)
}

/** A word that was given before the last push died with it, however long it was on its way. */
function staleRefusal({ askedAtMs, lastHead, pullRequest }: PolicyFacts): Refusal | null {
  if (lastHead === null || lastHead.atMs < askedAtMs) return null
  const { headSha } = pullRequest
  return refuse(
    'head_moved',
    `Something was pushed at or after the time of your comment. The head is now ${headSha}. If you have read that one, comment:\n${toCopy(approvalLine(headSha))}`,
  )
}

export function shortSha(sha: string): string {
  return inCode(sha.slice(0, 7))
}

function settingRefusal(config: PolicyConfig): Refusal | null {
  if (config.trust.forks !== 'never') return null
  return refuse('fork_refused', 'The operator has set `trust.forks: never`.')
}

/** Stages that run as users of their own isolate whatever the recipe does; without those, only its containers do. */
function exposedRefusal(recipes: readonly string[], { runAs }: PolicyConfig): Refusal | null {
  if (runAs.length > 0 || recipes.length === 0) return null
  const which = recipes.map(inCode).join(', ')
  return refuse(
    'fork_needs_isolation',
    `Stages of ${which} run on the host. The operator gives them users of their own with \`runAs\` in \`berth.yml\`, or writes a recipe that does all in containers (deploy, ready, exec).`,
  )
}

/** A word for a commit is taken where some recipe may run it. */
function uselessRefusal({ enrolment, recipes }: PolicyFacts, config: PolicyConfig): Refusal | null {
  const enrolled = recipes.filter(({ name }) => enrolment.recipes.includes(name))
  return enrolled.some(isolatesCode) ? null : exposedRefusal(enrolment.recipes, config)
}

function movedRefusal(facts: PolicyFacts, lines: readonly string[]): Refusal | null {
  const { headSha, headRepositoryId } = facts.pullRequest
  if (headRepositoryId === null)
    return refuse(
      'head_moved',
      `The repository that ${headSha} comes from is gone, so nobody can tell when it was pushed. Open a new pull request.`,
    )
  if (!hasMoved(facts)) return null
  const how =
    'Something was pushed at or after the time of your comment, so what you saw may not be what is there.'
  return refuse(
    'head_moved',
    `${how} The head is now ${headSha}. If that is what you mean, comment again:\n${toCopy(...lines)}`,
  )
}

/** In doubt it has moved: GitHub's times are whole seconds, and commit dates are the author's claim. */
function hasMoved({ askedAtMs, lastHead, namedSha, pullRequest }: PolicyFacts): boolean {
  if (namedSha !== null) return false
  if (lastHead !== null && lastHead.atMs >= askedAtMs) return true
  return pullRequest.headPushedAtMs === null || pullRequest.headPushedAtMs >= askedAtMs
}

function unapprovedRefusal(facts: PolicyFacts, lines: readonly string[]): Refusal | null {
  const { headSha } = facts.pullRequest
  if (facts.approved.has(headSha)) return null
  const who = `Somebody with write permission reads the commit ${shortSha(headSha)} and then comments:`
  return refuse('fork_needs_approval', `${who}\n${toCopy(approvalLine(headSha), ...lines)}`)
}

function approvalLine(sha: string): string {
  return `${COMMAND_WORD} ok ${sha}`
}
