import type { RetryCommand, RunCommand } from './command.ts'
import { formatCommand } from './commandFormat.ts'
import { inCode } from './commandText.ts'
import type { DoorFacts, PolicyConfig, PolicyFacts, RunPlan } from './policyFacts.ts'
import { shortSha } from './policyFork.ts'
import { freeAgainAt, HOUR_MS, type LimitStand, REPEAT_MS, timeText } from './rateLimits.ts'
import { type Refusal, type RefusalReason, refuse } from './refusal.ts'

/** Why one more command of this actor is not taken, or null. */
export function actorRefusal({ actorUses: uses }: DoorFacts, { limits }: PolicyConfig): Refusal | null {
  const stand = { uses, most: limits.perActorPerHour, windowMs: HOUR_MS }
  return overLimit('rate_limited', stand, 1, {
    used: 'You have given',
    what: 'commands within the last hour',
    key: 'perActorPerHour',
  })
}

/** Why these runs are not started now, although whoever asks may start them, or null. */
export function runLimitRefusal(
  command: RunCommand | RetryCommand,
  facts: PolicyFacts,
  { limits }: PolicyConfig,
  plans: readonly RunPlan[],
): Refusal | null {
  const hour = { windowMs: HOUR_MS }
  const repeats = facts.repeats.get(formatCommand(command)) ?? []
  return (
    crashRefusal(facts, plans, limits.crashPauseMs) ??
    overLimit('command_loop', { uses: repeats, most: limits.repeatsPerTenMinutes, windowMs: REPEAT_MS }, 1, {
      used: 'You have asked for just this',
      what: `times within 10 minutes, at ${shortSha(facts.pullRequest.headSha)}`,
      key: 'repeatsPerTenMinutes',
    }) ??
    overLimit(
      'rate_limited',
      { ...hour, uses: facts.pullRequestUses, most: limits.perPullRequestPerHour },
      plans.length,
      { used: 'This pull request has had', what: 'runs within the last hour', key: 'perPullRequestPerHour' },
    ) ??
    overLimit(
      'rate_limited',
      { ...hour, uses: facts.repositoryUses, most: limits.perRepositoryPerHour },
      plans.length,
      { used: 'This repository has had', what: 'runs within the last hour', key: 'perRepositoryPerHour' },
    )
  )
}

interface LimitWords {
  readonly used: string
  readonly what: string
  /** In `berth.yml`, under `limits`. */
  readonly key: string
}

/** Which limit, how much of it is used, and when it is free again. */
function overLimit(
  reason: RefusalReason,
  stand: LimitStand,
  wanted: number,
  { used, what, key }: LimitWords,
): Refusal | null {
  const { uses, most } = stand
  const freeAtMs = freeAgainAt(stand, wanted)
  if (freeAtMs === 0) return null
  const limit = `${used} ${uses.length} of ${most} ${what} (${inCode(`limits.${key}`)}).`
  const asked = wanted === 1 ? '' : ` This asks for ${wanted} at once.`
  const when =
    freeAtMs === null
      ? 'So many are never taken at once: ask for fewer.'
      : `It is taken again from ${timeText(freeAtMs)} on.`
  return refuse(reason, `${limit}${asked} ${when}`)
}

/** A recipe that keeps failing in the harness costs a slot each time, and tells nothing about the pull request. */
function crashRefusal(facts: PolicyFacts, plans: readonly RunPlan[], pauseMs: number): Refusal | null {
  const loop = facts.crashLoops.find((one) => plans.some(({ recipe }) => recipe.name === one.recipe))
  if (loop === undefined) return null
  const { recipe, times, sha, title, lastAtMs } = loop
  const what = `${inCode(recipe)} has ended in a fault of the harness ${times} times in a row at ${shortSha(sha)}, last with ${inCode(title)}.`
  const until = `It is not started at this commit before ${timeText(lastAtMs + pauseMs)}.`
  return refuse(
    'crash_loop',
    `${what} ${until} The operator finds the cause in the runs' logs and with \`berth doctor\`; another commit, or another recipe, can be tested at once.`,
  )
}
