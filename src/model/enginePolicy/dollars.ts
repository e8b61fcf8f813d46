import { isMap } from './look.ts'

/** What docker-compose prints has each `$` doubled; the policy looks at texts as the engine gets them. */
export function singleDollars(value: unknown): unknown {
  return changed(value, (text) => text.replaceAll('$$', () => '$'))
}

/**
 * Clients fill in `$NAME` from their own surroundings whenever they read a file, also one that is resolved (`docker stack config` prints `$$HOME`
 * as `$HOME`): in what is deployed every `$` is doubled.
 */
export function doubledDollars(value: unknown): unknown {
  return changed(value, (text) => text.replaceAll('$', () => '$$'))
}

/** Values only: keys are never filled in. */
function changed(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value)
  if (Array.isArray(value)) return value.map((item) => changed(item, change))
  if (!isMap(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, changed(item, change)]))
}
