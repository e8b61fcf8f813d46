import { formatCommand } from '../model/commandFormat.ts'
import { inCode } from '../model/commandText.ts'
import { COMMAND_WORD } from '../model/commandWord.ts'
import type { Config, Enrolment } from '../model/config.ts'
import { enrolmentOf } from '../model/policy.ts'
import { shortSha } from '../model/policyFork.ts'
import type { NewRun, RunRow } from '../model/ports.ts'
import type { Recipe } from '../model/recipe.ts'
import { REFUSALS } from '../model/refusal.ts'
import type { Answer, Answered } from './answer.ts'
import type { Asked } from './asked.ts'

/** What help and status speak of. */
export interface ReplyFacts {
  readonly config: Pick<Config, 'repositories'>
  readonly recipes: readonly Recipe[]
  /** Newest first. */
  readonly runs: readonly RunRow[]
}

/** GitHub refuses comments over 65,536 characters. */
const MOST_CHARACTERS = 60_000

/** What is seen by itself, on a check, needs no reply. */
export function wantsReply({ answered }: Answer): boolean {
  return answered.kind !== 'queued' && answered.kind !== 'stop'
}

/** One comment that answers every command, in order. Markdown; what came from outside is in code spans. */
export function replyText(asked: Asked, answers: readonly Answer[], facts: ReplyFacts): string {
  const named = answers.length > 1 || asked.commentId === null
  const parts = answers.map((answer) => {
    const text = textOf(answer.answered, asked, facts)
    return named ? `${headingOf(answer, asked)}\n\n${text}` : text
  })
  const whole = parts.join('\n\n')
  return whole.length <= MOST_CHARACTERS ? whole : `${whole.slice(0, MOST_CHARACTERS).toWellFormed()}…`
}

/** Whose button was pressed for what: nobody sees it on the page. */
function headingOf({ command }: Answer, { actor, commentId }: Asked): string {
  const line = inCode(command.kind === 'fault' ? command.line : formatCommand(command))
  return commentId === null ? `${inCode(actor.login)} asked for ${line} on the check:` : `**${line}**`
}

function textOf(answered: Answered, asked: Asked, facts: ReplyFacts): string {
  switch (answered.kind) {
    case 'refusal':
      return `**${answered.reason}**: ${REFUSALS[answered.reason]} ${answered.detail}`
    case 'queued':
      return answered.runs.map((run) => `Queued: ${runText(run)}.`).join('\n')
    case 'stop':
      return answered.runs.map((run) => `Stopping: ${runText(run)}.`).join('\n')
    case 'approve':
      return `Commit ${answered.sha} may be run, until the next push or ${inCode(`${COMMAND_WORD} revoke ${answered.sha}`)}.`
    case 'revoke':
      return [
        `Commit ${answered.sha} may not be run.`,
        ...answered.stops.map((run) => `Stopping: ${runText(run)}.`),
      ].join('\n')
    case 'note':
      return answered.detail
    case 'status':
      return statusText(facts.runs)
    case 'help':
      return helpText(enrolmentOf(facts.config.repositories, asked.repository.fullName), facts.recipes)
  }
}

function runText(run: NewRun): string {
  return `run ${inCode(run.id)} of ${inCode(run.recipe)} at ${shortSha(run.sha)}`
}

function statusText(runs: readonly RunRow[]): string {
  if (runs.length === 0) return 'There has been no run on this pull request.'
  return runs.map((run) => `- ${runText(run)}: ${stateText(run)}`).join('\n')
}

function stateText({ state, stage, stop, verdict, waitsFor }: RunRow): string {
  if (verdict !== null) return `${verdict.conclusion}, ${inCode(verdict.title)}`
  const where = state === 'queued' ? waitsFor : stage
  const words = state === 'tearing_down' ? 'tearing down' : state
  const text = where === null ? words : `${words}, ${inCode(where)}`
  return stop === null ? text : `${text}; asked to stop by ${inCode(stop.by)}`
}

const COMMANDS = [
  ['', 'tests the head of this pull request with the default recipe'],
  ['RECIPE… [key=value…] [keep=30m]', 'tests it with these recipes; keep holds a red run for inspection'],
  ['cancel [RUN | all]', 'stops a run and takes down what it put up'],
  ['status', 'lists the runs of this pull request'],
  ['ok SHA', 'lets a commit of a fork run, until the next push'],
  ['revoke SHA', 'takes that back'],
  ['help', 'says this'],
] as const

function helpText(enrolment: Enrolment | null, recipes: readonly Recipe[]): string {
  const commands = COMMANDS.map(([words, does]) => `- ${inCode(`${COMMAND_WORD} ${words}`.trim())} ${does}`)
  const known = (enrolment?.recipes ?? []).map((name) => {
    const recipe = recipes.find((one) => one.name === name)
    return recipe === undefined ? `- ${inCode(name)}: cannot be used now` : recipeText(recipe, enrolment)
  })
  return ['A command is a line of its own in a comment:', '', ...commands, '', 'Recipes:', '', ...known].join(
    '\n',
  )
}

function recipeText(recipe: Recipe, enrolment: Enrolment | null): string {
  const isDefault = enrolment?.default === recipe.name || enrolment?.recipes.length === 1
  const pairs = Object.entries(recipe.arguments).map(([key, rule]) => {
    return inCode(
      `${key}=${[rule.default, ...rule.values.filter((value) => value !== rule.default)].join('|')}`,
    )
  })
  const takes = pairs.length === 0 ? '' : `; takes ${pairs.join(', ')}`
  return `- ${inCode(recipe.name)}${isDefault ? ' (default)' : ''}: ${recipe.description.replaceAll(/\s+/g, ' ').trim()}${takes}`
}
