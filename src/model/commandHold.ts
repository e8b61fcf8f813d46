import { inCode } from './commandText.ts'
import { formatDuration, parseDuration } from './duration.ts'
import { domainFault, isResource, type Name } from './names.ts'

/** Keeps a domain of the pull request free of runs. */
export interface HoldCommand {
  readonly kind: 'hold'
  /** Null = the only one. */
  readonly name: Name | null
  /** Milliseconds. */
  readonly forMs: number
  /** As written; empty = none was given. */
  readonly reason: string
}

/** Ends a hold, or the keeping of a red run, or declares a dirty domain clean. */
export interface ReleaseCommand {
  readonly kind: 'release'
  readonly name: Name | null
  readonly reason: string
}

const HOLD_MS = 60 * 60_000
export const MOST_HOLD_MS = 24 * HOLD_MS

type Read<C> = C | { readonly wrong: string }

/** `[DOMAIN] [for=2h] [REASON…]`: the first word is a domain if it has a dot. */
export function readHold(words: readonly string[]): Read<HoldCommand> {
  const { name, rest } = nameAndRest(words)
  const times = rest.filter((word) => word.startsWith('for='))
  if (times.length > 1) return { wrong: `${inCode('for')} is given twice` }
  const time = times[0]?.slice('for='.length)
  const forMs = time === undefined ? HOLD_MS : parseDuration(time)
  if (forMs === null || forMs === 0 || forMs > MOST_HOLD_MS)
    return {
      wrong: `for must be a duration such as 2h, at most ${formatDuration(MOST_HOLD_MS)}, and is ${inCode(time ?? '')}`,
    }
  const reason = rest.filter((word) => !word.startsWith('for=')).join(' ')
  return withName({ kind: 'hold', name, forMs, reason })
}

/** `[DOMAIN] [REASON…]`. */
export function readRelease(words: readonly string[]): Read<ReleaseCommand> {
  const { name, rest } = nameAndRest(words)
  return withName({ kind: 'release', name, reason: rest.join(' ') })
}

function nameAndRest(words: readonly string[]): {
  readonly name: Name | null
  readonly rest: readonly string[]
} {
  const [first, ...rest] = words
  if (first === undefined || !(first.includes('.') || isResource(first))) return { name: null, rest: words }
  return { name: first, rest }
}

function withName<C extends HoldCommand | ReleaseCommand>(command: C): Read<C> {
  const { name } = command
  if (name === null) return command
  if (isResource(name))
    return {
      wrong: `${inCode(name)} is a resource, which other repositories may share; the operator holds it with ${inCode(`berth locks ${command.kind}`)}`,
    }
  const fault = domainFault(name)
  return fault === null ? command : { wrong: inCode(fault) }
}
