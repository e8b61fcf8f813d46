import { inCode } from '../model/commandText.ts'
import { domainFor, namesOf } from '../model/domain.ts'
import { enrolmentOf } from '../model/policy.ts'
import type { RunPlan } from '../model/policyFacts.ts'
import type { NewRun } from '../model/ports.ts'
import { type Refusal, refuse } from '../model/refusal.ts'
import type { Asked } from './asked.ts'
import type { IntakeWorld } from './ports.ts'

/** The commit that was decided on. */
export interface Pinned {
  readonly sha: string
  readonly fork: boolean
  /** How new GitHub's word on it is (its clock, milliseconds). */
  readonly pinnedAtMs: number
}

/** The runs of one command, each with its id and its domain; all of them, or why none. */
export function newRuns(
  plans: readonly RunPlan[],
  pinned: Pinned,
  asked: Asked,
  world: IntakeWorld,
): Refusal | { readonly kind: 'runs'; readonly runs: readonly NewRun[] } {
  const made = plans.map((plan) => newRun(plan, pinned, asked, world))
  const refusal = made.find((run) => 'kind' in run)
  return refusal ?? { kind: 'runs', runs: made.flatMap((run) => ('kind' in run ? [] : [run])) }
}

function newRun(plan: RunPlan, pinned: Pinned, asked: Asked, world: IntakeWorld): Refusal | NewRun {
  const { repository, pr } = asked
  const id = world.newRunId()
  const facts = { owner: repository.owner, repo: repository.name, pr, run: id }
  const made = domainFor(plan.recipe, facts, world.config, world.hash)
  if ('fault' in made) return refuse('recipe_unavailable', `${inCode(made.fault)}.`)
  return {
    id,
    priority: enrolmentOf(world.config.repositories, repository.fullName)?.priority ?? 0,
    enqueuedAtMs: world.time.now(),
    repository: repository.fullName,
    repositoryId: repository.id,
    installationId: repository.installationId,
    cloneUrl: repository.cloneUrl,
    pr,
    ...pinned,
    ref: `refs/pull/${pr}/head`,
    recipe: plan.recipe.name,
    arguments: plan.arguments,
    keepMs: plan.keepMs,
    domain: made.domain,
    names: namesOf(plan.recipe, made.domain),
    actor: asked.actor.login,
    commentId: asked.commentId,
  }
}
