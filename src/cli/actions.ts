import { EXIT } from '../errors.ts'
import type { Action } from '../model/action.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { withStore } from './queue.ts'
import { table, timeText } from './table.ts'

/** `berth actions`: newest first, with or without the service. */
export async function listActions(
  { state, stdout }: Context,
  options: { readonly json: boolean; readonly limit: number },
): Promise<number> {
  const actions = (await withStore(state, (store) => store.actions(options.limit))) ?? []
  if (options.json) stdout.write(jsonText(actions))
  else if (actions.length === 0) stdout.write('Nobody has acted by a page or the API.\n')
  else stdout.write(table(['when', 'who', 'from', 'did', 'to', 'why', 'what came of it'], actions.map(rowOf)))
  return EXIT.ok
}

function rowOf({ askedAtMs, by, from, act, run, name, reason, end, order }: Action): string[] {
  const came = order?.outcome ?? end?.code ?? 'not decided yet'
  const detail = order?.detail ?? end?.detail ?? ''
  const words = detail === '' ? came : `${came}: ${detail}`
  return [timeText(askedAtMs), by, from, act, name ?? run ?? '', reason, words]
}
