import { formatCommand } from '../model/commandFormat.ts'
import { inCode } from '../model/commandText.ts'
import { COMMAND_WORD } from '../model/commandWord.ts'
import type { Config, Enrolment } from '../model/config.ts'
import { formatDuration } from '../model/duration.ts'
import { isolatesCode } from '../model/isolation.ts'
import { enrolmentOf } from '../model/policy.ts'
import { shortSha } from '../model/policyFork.ts'
import type { NewRun, RunRow } from '../model/ports.ts'
import type { Recipe } from '../model/recipe.ts'
import { REFUSALS, type Refusal } from '../model/refusal.ts'
import type { ReplyPart } from '../model/report.ts'
import type { Answer, Answered } from './answer.ts'
import type { Asked } from './asked.ts'
import { type RunWait, whyText } from './why.ts'

/** What help and status speak of. */
export interface ReplyFacts {
  readonly config: Pick<Config, 'repositories' | 'trust' | 'runAs'>
  readonly recipes: readonly Recipe[]
  /** Newest first. */
  readonly runs: readonly RunRow[]
  /** Runs that are not over, oldest first, each with what it waits for if it does. */
  readonly waits: readonly RunWait[]
  /** The page that explains reasons, if there is one. */
  readonly reasons: string | null
}

/** What is seen by itself on the check whose button was pressed needs no reply; a comment is always answered. */
export function wantsReply({ answered }: Answer, { commentId }: Pick<Asked, 'commentId'>): boolean {
  return commentId !== null || (answered.kind !== 'queued' && answered.kind !== 'stop')
}

/** What every command is answered with, in order: together one comment. Markdown; what came from outside is in code spans. */
export function replyParts(
  asked: Asked,
  answers: readonly Answer[],
  facts: ReplyFacts,
): readonly ReplyPart[] {
  const named = answers.length > 1 || asked.commentId === null
  return answers.map((answer, index) => {
    const text = textOf(answer.answered, asked, facts)
    return {
      text: named ? `${headingOf(answer, asked)}\n\n${text}` : text,
      runs: runsOf(answer.answered).map(({ id }) => id),
      orders: isOrder(answer.answered) ? [orderId(asked, index)] : [],
    }
  })
}

/** Runs that an answer speaks of and that are not over. */
export function runsOf(answered: Answered): readonly NewRun[] {
  switch (answered.kind) {
    case 'queued':
    case 'stop':
      return answered.runs
    case 'revoke':
      return answered.stops
    default:
      return []
  }
}

/** Names the order that the n-th answer gives. */
export function orderId({ topic }: Pick<Asked, 'topic'>, index: number): string {
  return `${topic}:${index}`
}

export function isOrder(answered: Answered): answered is Answered & { readonly kind: 'hold' | 'release' } {
  return answered.kind === 'hold' || answered.kind === 'release'
}

/** Whose button was pressed for what: nobody sees it on the page. */
function headingOf({ command }: Answer, { actor, commentId }: Asked): string {
  const line = inCode(command.kind === 'fault' ? command.line : formatCommand(command))
  return commentId === null ? `${inCode(actor.login)} asked for ${line} on the check:` : `**${line}**`
}

function textOf(answered: Answered, asked: Asked, facts: ReplyFacts): string {
  switch (answered.kind) {
    case 'refusal':
      return refusalText(answered, facts.reasons)
    case 'queued':
      return `Testing ${answered.runs[0]?.sha ?? 'nothing'}.`
    case 'stop':
      return 'Stopping; what was put up is taken down.'
    case 'approve':
      return `Commit ${answered.sha} may be run, until the next push or ${inCode(`${COMMAND_WORD} revoke ${answered.sha}`)}.`
    case 'revoke':
      return `Commit ${answered.sha} may not be run.${answered.stops.length === 0 ? '' : ' Stopping what runs it.'}`
    case 'hold':
      return `To be held for ${formatDuration(answered.forMs)} from when it is free: ${inCode(answered.reason)}.`
    case 'release':
      return `To be released: ${inCode(answered.reason)}.`
    case 'note':
      return answered.detail
    case 'status':
      return statusText(facts.runs)
    case 'why':
      return whyText(facts.waits)
    case 'help':
      return helpText(facts, asked.repository.fullName)
  }
}

/** The code leads to the page that explains it. */
function refusalText({ reason, detail }: Refusal, url: string | null): string {
  const code = url === null ? `**${reason}**` : `**[${reason}](${url}#${reason})**`
  return `${code}: ${REFUSALS[reason]} ${detail}`
}

function statusText(runs: readonly RunRow[]): string {
  if (runs.length === 0) return 'There has been no run on this pull request.'
  return runs.map((run) => `- ${runText(run)}: ${stateText(run)}`).join('\n')
}

function runText(run: NewRun): string {
  return `run ${inCode(run.id)} of ${inCode(run.recipe)} at ${shortSha(run.sha)}`
}

function stateText({ state, stage, stop, verdict, waitsFor }: RunRow): string {
  if (verdict !== null) return `${verdict.conclusion}, ${inCode(verdict.title)}`
  const where = state === 'queued' ? waitsFor : (waitsFor ?? stage)
  const words = state === 'tearing_down' ? 'tearing down' : state
  const text = where === null ? words : `${words}, ${inCode(where)}`
  return stop === null ? text : `${text}; asked to stop by ${inCode(stop.by)}`
}

const COMMANDS: readonly (readonly [string, string, keyof Config['trust'] | null])[] = [
  ['', 'tests the head of this pull request with the default recipe', 'run'],
  [
    'RECIPE… [key=value…] [keep=30m]',
    'tests it with these recipes; keep holds a red run for inspection',
    'run',
  ],
  ['retry', 'tests again, at the head as it is now, what failed', 'run'],
  ['cancel [RUN | all]', 'stops a run and takes down what it put up', 'cancel'],
  ['status', 'lists the runs of this pull request', null],
  ['why', 'says what its runs wait for, and about how long', null],
  ['hold [DOMAIN] [for=2h] [REASON]', 'keeps a domain of this pull request free of runs', 'hold'],
  ['release [DOMAIN] [REASON]', 'ends that, or declares a dirty domain clean', 'hold'],
  ['ok SHA', 'lets a commit of a fork run, until the next push', 'run'],
  ['revoke SHA', 'takes that back', 'run'],
  ['help', 'says this', null],
]

function helpText({ config, recipes }: ReplyFacts, repository: string): string {
  const commands = COMMANDS.map(([words, does, need]) => {
    const least = need === null ? '' : ` (${config.trust[need]})`
    return `- ${inCode(`${COMMAND_WORD} ${words}`.trim())} ${does}${least}`
  })
  const enrolment = enrolmentOf(config.repositories, repository)
  const enrolled = recipes.filter(({ name }) => enrolment?.recipes.includes(name) === true)
  const known = (enrolment?.recipes ?? []).map((name) => {
    const recipe = recipes.find((one) => one.name === name)
    return recipe === undefined ? `- ${inCode(name)}: cannot be used now` : recipeText(recipe, enrolment)
  })
  return [
    'A command is a line of its own in a comment; in brackets, the permission on this repository that it needs:',
    '',
    ...commands,
    '',
    forksText(config, enrolled),
    '',
    'Recipes:',
    '',
    ...known,
  ].join('\n')
}

function forksText({ trust, runAs }: ReplyFacts['config'], recipes: readonly Recipe[]): string {
  if (trust.forks === 'never') return 'Code of forks is not run here.'
  const isolating = runAs.length > 0 ? recipes : recipes.filter(isolatesCode)
  if (runAs.length === 0 && isolating.length === 0)
    return 'Code of forks is not run here: nothing isolates it.'
  const by = runAs.length > 0 ? '' : `, and only by ${isolating.map(({ name }) => inCode(name)).join(', ')}`
  return `A commit of a fork is run when somebody who may write here has said ${inCode('ok')} to it${by}.`
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
