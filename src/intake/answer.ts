import type { Command, CommandFault, LookCommand } from '../model/command.ts'
import { lineOf } from '../model/commandFormat.ts'
import { JUST_QUEUED } from '../model/justQueued.ts'
import { decide, doorRefusal } from '../model/policy.ts'
import type { ActingCommand, Decision, DoorFacts, PolicyFacts } from '../model/policyFacts.ts'
import type { NewRun } from '../model/ports.ts'
import type { Uses } from '../model/rateLimits.ts'
import type { Refusal } from '../model/refusal.ts'
import type { Asked } from './asked.ts'
import { gatherDoorFacts, gatherPolicyFacts } from './gather.ts'
import { newRuns } from './newRun.ts'
import type { IntakeWorld } from './ports.ts'

/** A run decision has its runs made: what is left to say is what is so. */
export type Answered =
  | Exclude<Decision, { readonly kind: 'run' }>
  | { readonly kind: 'queued'; readonly runs: readonly NewRun[] }
  | { readonly kind: 'status' }
  | { readonly kind: 'why' }
  | { readonly kind: 'help' }

/** What a command led to. */
export interface Answer {
  readonly command: Command | CommandFault
  readonly answered: Answered
}

/** A command as it passed the door, or why it did not. */
interface AtDoor {
  readonly command: Command | CommandFault
  readonly refusal: Refusal | null
}

/** Answers every command, in order; each sees what the ones before it have led to. @throws GitHubFault */
export async function answerAll(
  asked: Asked,
  world: IntakeWorld,
): Promise<{ readonly door: DoorFacts; readonly answers: readonly Answer[] }> {
  const door = await gatherDoorFacts(asked, world)
  const nowMs = world.time.now()
  const atDoor = asked.commands.map((command, index): AtDoor => {
    const facts = { ...door, actorUses: withUses(door.actorUses, index, nowMs) }
    return { command, refusal: doorRefusal(command, facts, world.config) }
  })
  const acts = atDoor.some(({ command, refusal }) => refusal === null && isActing(command))
  let facts = acts && door.enrolment !== null ? await gatherPolicyFacts(asked, door.enrolment, world) : null
  const answers: Answer[] = []
  for (const { command, refusal } of atDoor) {
    const answered = refusal ?? answerTo(command, facts, asked, world)
    answers.push({ command, answered })
    facts = facts === null ? null : factsAfter(facts, command, answered, nowMs)
  }
  return { door, answers }
}

function isActing(command: Command | CommandFault): command is ActingCommand {
  return command.kind !== 'fault' && !isLook(command)
}

function isLook(command: Command): command is LookCommand {
  return command.kind === 'status' || command.kind === 'why' || command.kind === 'help'
}

function answerTo(
  command: Command | CommandFault,
  facts: PolicyFacts | null,
  asked: Asked,
  world: IntakeWorld,
): Answered {
  if (!isActing(command)) return { kind: command.kind === 'fault' ? 'help' : command.kind }
  if (facts === null) throw new TypeError(`${command.kind} was let in without facts`)
  const decision = decide(command, facts, world.config)
  if (decision.kind !== 'run') return decision
  const { plans, sha, fork, pinnedAtMs } = decision
  const made = newRuns(plans, { sha, fork, pinnedAtMs }, asked, world)
  return made.kind === 'refusal' ? made : { kind: 'queued', runs: made.runs }
}

function withUses(uses: Uses, count: number, nowMs: number): Uses {
  return [...Array.from({ length: count }, () => nowMs), ...uses]
}

function factsAfter(
  facts: PolicyFacts,
  command: Command | CommandFault,
  answered: Answered,
  nowMs: number,
): PolicyFacts {
  switch (answered.kind) {
    case 'approve':
      return { ...facts, approved: new Set([...facts.approved, answered.sha]) }
    case 'revoke':
      return { ...facts, approved: new Set([...facts.approved].filter((sha) => sha !== answered.sha)) }
    case 'queued':
      return afterRuns(facts, command, answered.runs, nowMs)
    default:
      return facts
  }
}

function afterRuns(
  facts: PolicyFacts,
  command: Command | CommandFault,
  runs: readonly NewRun[],
  nowMs: number,
): PolicyFacts {
  const { pullRequestUses, repositoryUses, repeats } = facts
  const line = lineOf(command)
  return {
    ...facts,
    unfinished: [...facts.unfinished, ...runs.map((run) => ({ ...run, ...JUST_QUEUED }))],
    pullRequestUses: withUses(pullRequestUses, runs.length, nowMs),
    repositoryUses: withUses(repositoryUses, runs.length, nowMs),
    repeats: new Map([...repeats, [line, withUses(repeats.get(line) ?? [], 1, nowMs)]]),
  }
}
