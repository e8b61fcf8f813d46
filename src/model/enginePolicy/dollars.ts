import { isMap } from './look.ts'

/** What docker-compose prints has each `$` doubled, those of keys, too; the policy looks at texts as the engine gets them. */
export function singleDollars(value: unknown): unknown {
  const single = (text: string) => text.replaceAll('$$', () => '$')
  return changed(value, single, single)
}

/**
 * Clients fill in `$NAME` from their own surroundings whenever they read a file, also one that is resolved (`docker stack config` prints `$$HOME`
 * as `$HOME`): in what is deployed every `$` of a value is doubled. Nothing is filled in in keys.
 */
export function doubledDollars(value: unknown): unknown {
  return changed(
    value,
    (text) => text.replaceAll('$', () => '$$'),
    (key) => key,
  )
}

type Change = (text: string) => string

function changed(value: unknown, text: Change, key: Change): unknown {
  if (typeof value === 'string') return text(value)
  if (Array.isArray(value)) return value.map((item) => changed(item, text, key))
  if (!isMap(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [key(name), changed(item, text, key)]),
  )
}
