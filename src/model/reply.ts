import { inCode } from './commandText.ts'
import type { Order, OrderOutcome } from './order.ts'
import type { NewRun, RunRow } from './ports.ts'
import type { ReplyPart } from './report.ts'

/** What is told of a run. */
export interface RunTold
  extends Pick<NewRun, 'id' | 'recipe' | 'arguments'>,
    Pick<RunRow, 'state' | 'verdict'> {
  /** It was asked to stop. */
  readonly stopping: boolean
}

/** What is told of an order; without an end it is still to be carried out. */
export type OrderTold = Pick<Order, 'id' | 'action' | 'name'> & Partial<Pick<Order, 'end'>>

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
  told: { readonly runs: ReadonlyMap<string, RunTold>; readonly orders: readonly OrderTold[] },
  page: RunPage,
): string {
  const blocks = parts.map(({ text, runs, orders }) => {
    const lines = [
      ...runs.flatMap((id) => told.runs.get(id) ?? []).map((run) => runLineOf(run, page)),
      ...told.orders.filter(({ id }) => orders.includes(id)).map(orderLineOf),
    ]
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

function orderLineOf({ action, name, end }: OrderTold): string {
  const words = end === undefined || end === null ? PENDING[action] : OUTCOMES[end.outcome]
  const detail = end === undefined || end === null || end.detail === '' ? '' : `, ${inCode(end.detail)}`
  return `- ${inCode(name)}: ${words}${detail}`
}

const PENDING = { hold: 'waits for its turn', release: 'under way' } as const

const OUTCOMES: Readonly<Record<OrderOutcome, string>> = {
  held: '**held**',
  not_held: '**not held**',
  withdrawn: '**not held**, released before its turn came',
  hold_ended: '**released**, the hold is ended',
  keep_ended: '**released**, the red run that was kept is torn down',
  declared_clean: '**released**, declared clean',
  was_free: 'was free and clean already',
  busy: '**not released**, a live run has it',
  failed: '**failed**',
}
