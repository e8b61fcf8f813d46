import { EXIT } from '../errors.ts'
import type { Action } from '../model/action.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { withStore } from './queue.ts'
import type { Screen } from './screen.ts'
import { momentText, table } from './table.ts'

/** `berth actions`: newest first, with or without the service. */
export async function listActions(
  { state, stdout }: Context,
  options: { readonly json: boolean; readonly limit: number },
): Promise<number> {
  const actions = (await withStore(state, (store) => store.actions(options.limit))) ?? []
  if (options.json) stdout.write(jsonText(actions))
  else if (actions.length === 0) stdout.write('Nobody has acted by a page or the API.\n')
  else
    stdout.write(
      table(
        HEADS,
        actions.map((action) => rowOf(action, stdout)),
        stdout,
      ),
    )
  return EXIT.ok
}

const HEADS = [
  'when',
  'who',
  { head: 'from', spare: 2 },
  'did',
  'to',
  { head: 'why', spare: 1 },
  'what came of it',
]

function rowOf(
  { askedAtMs, by, from, act, run, name, reason, end, order }: Action,
  screen: Screen,
): string[] {
  const came = order?.outcome ?? end?.code ?? 'not decided yet'
  const detail = order?.detail ?? end?.detail ?? ''
  const words = detail === '' ? came : `${came}: ${detail}`
  return [momentText(askedAtMs, screen), by, from, act, name ?? run ?? '', reason, words]
}
