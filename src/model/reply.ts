import { inCode } from './commandText.ts'
import type { NewRun, ReplyPart, RunRow } from './ports.ts'

/** What is told of a run. */
export interface RunTold
  extends Pick<NewRun, 'id' | 'recipe' | 'arguments'>,
    Pick<RunRow, 'state' | 'verdict'> {
  /** It was asked to stop. */
  readonly stopping: boolean
}

/** The address of a run's page; null = there is none. */
export type RunPage = (runId: string) => string | null

/** GitHub refuses comments over 65,536 characters. */
const MOST_CHARACTERS = 60_000

/**
 * A reply as it is now. The same parts make the first form and every later one: only what became of the runs differs. A run that nothing
 * is known of any more is left out.
 */
export function replyBody(
  parts: readonly ReplyPart[],
  runs: ReadonlyMap<string, RunTold>,
  page: RunPage,
): string {
  const blocks = parts.map(({ text, runs: ids }) => {
    const lines = ids.flatMap((id) => runs.get(id) ?? []).map((run) => runLineOf(run, page))
    return [text, ...(lines.length === 0 ? [] : [lines.join('\n')])].join('\n\n')
  })
  const whole = blocks.join('\n\n')
  return whole.length <= MOST_CHARACTERS ? whole : `${whole.slice(0, MOST_CHARACTERS).toWellFormed()}…`
}

function runLineOf(run: RunTold, page: RunPage): string {
  const url = page(run.id)
  const id = url === null ? inCode(run.id) : `[${inCode(run.id)}](${url})`
  return `- ${recipeOf(run)}: ${stateOf(run)} (run ${id})`
}

function recipeOf({ recipe, arguments: given }: RunTold): string {
  const pairs = Object.entries(given).map(([key, value]) => `${key}=${value}`)
  return inCode([recipe, ...pairs].join(' '))
}

function stateOf({ state, verdict, stopping }: RunTold): string {
  if (verdict !== null) return `**${verdict.conclusion}**, ${inCode(verdict.title)}`
  if (stopping) return 'stopping'
  return state === 'queued' ? 'queued' : 'under way'
}
