import { type Path, pathText } from '../keyPath.ts'
import type { Allow } from './allow.ts'

/** Why a part of a resolved file is not deployed. */
export interface PolicyRefusal {
  readonly path: Path
  /** `services.app.volumes[0]`. */
  readonly key: string
  readonly text: string
  readonly wayOut: string
}

/** What a file is held against. */
export interface PolicyScene {
  readonly driver: 'swarm' | 'compose'
  /** A run's own; every name begins with it. */
  readonly stackName: string
  /** Ours, on every object. */
  readonly labels: Readonly<Record<string, string>>
  /** The run's domain. */
  readonly domain: string
  readonly allow: Allow
  /** The allow list is the recipe's; a fork's is not in force unless it says so. */
  readonly isFork: boolean
  /** Names of external secrets, configs, volumes and networks that this run has made itself. */
  readonly made: readonly string[]
  /** Absolute: what stands for the repository's root on this machine, without `/` at its end. */
  readonly checkout: string
  /** Absolute: what relative names of files begin at, the folder of the first compose file. */
  readonly folder: string
}

/** One value while it is looked at: where it is, and whom to tell. */
export interface At {
  readonly path: Path
  /** The same with `*` for what people name, and `[]` for places in lists: `services.*.volumes[]`. */
  readonly kind: string
  readonly scene: PolicyScene
  /** The whole file, for what refers to other parts of it. */
  readonly file: Readonly<Record<string, unknown>>
  readonly refusals: PolicyRefusal[]
}

/** Looks at one value. What it returns is deployed, and nothing else is; undefined = nothing of it. */
export type Look = (value: unknown, at: At) => unknown

export function refuse(at: At, text: string, wayOut: string): undefined {
  at.refusals.push({ path: at.path, key: pathText(at.path), text, wayOut })
}

/** The way out of what no recipe may loosen. */
const LEAVE_OUT = 'leave it out'

/** The way out that the operator has. */
export function allowing(line: string): string {
  return `leave it out, or have the operator write allow: { ${line} } in the recipe`
}

/** A map with known keys only. Extension fields (`x-…`) are dropped: some of them mean something to the engine. */
export function keys(shape: Readonly<Record<string, Look>>): Look {
  const looks = new Map(Object.entries(shape))
  return (value, at) => {
    if (value === null) return {}
    if (!isMap(value))
      return refuse(at, `must be a map, and is ${kindOf(value)}`, 'write a map of keys and values')
    return rebuilt(value, (item, key) => {
      if (item === null && looks.has(key)) return undefined
      return (looks.get(key) ?? unknownKey)(item, below(at, key, key))
    })
  }
}

function unknownKey(value: unknown, at: At): unknown {
  const key = String(at.path.at(-1))
  if (key.startsWith('x-')) return undefined
  if (at.scene.allow.keys.includes(at.kind)) return value
  return refuse(at, `${key} is not known to be harmless`, allowing(`keys: ['${at.kind}']`))
}

/** A map whose keys people choose. */
export function mapOf(look: Look, most = Number.POSITIVE_INFINITY): Look {
  return (value, at) => {
    if (value === null) return {}
    if (!isMap(value))
      return refuse(at, `must be a map, and is ${kindOf(value)}`, 'write a map of keys and values')
    const count = Object.keys(value).length
    if (count > most) return refuse(at, `has ${count} entries, more than ${most}`, 'write fewer')
    return rebuilt(value, (item, key) => look(item, below(at, key, '*')))
  }
}

/** A list, or one thing that stands for a list of one. */
export function listOf(look: Look, most = 200): Look {
  return (value, at) => {
    const items: readonly unknown[] = Array.isArray(value) ? value : [value]
    if (items.length > most) return refuse(at, `has ${items.length} items, more than ${most}`, 'write fewer')
    const kept = items.map((item, index) => look(item, below(at, index, '[]')))
    return kept.filter((item) => item !== undefined)
  }
}

/** Text, a number or a flag, as it is. */
export function plain(value: unknown, at: At): unknown {
  if (isPlain(value)) return value
  return refuse(at, `must be text, and is ${kindOf(value)}`, 'write text')
}

/** A map of texts, or its other form, a list of `name=text`; nulls are dropped: the engine's client would fill them from its own surroundings. */
export function texts(value: unknown, at: At): unknown {
  const pairs = pairsOf(value)
  if (pairs === null)
    return refuse(at, `must be a map of texts, and is ${kindOf(value)}`, 'write a map of texts')
  return Object.fromEntries(pairs.filter(([, text]) => text !== null))
}

/** Text that a pattern fits; `what` says what it must be. */
export function text(pattern: RegExp, what: string): Look {
  return (value, at) => {
    if (isPlain(value) && pattern.test(String(value))) return value
    return refuse(at, `must be ${what}, and is ${shownText(value)}`, `write ${what}`)
  }
}

/** One of some words. */
export function word(...words: readonly string[]): Look {
  return (value, at) => {
    if (words.includes(String(value)) && isPlain(value)) return value
    return refuse(
      at,
      `is ${shownText(value)}; known to be harmless: ${words.join(', ')}`,
      `write ${words.join(' or ')}`,
    )
  }
}

/** Nobody may have it. */
export function never(why: string, wayOut = LEAVE_OUT): Look {
  return (_, at) => refuse(at, why, wayOut)
}

/** Both forms of a map of texts as pairs; null = neither. */
export function pairsOf(value: unknown): readonly (readonly [string, unknown])[] | null {
  if (isMap(value)) {
    const pairs = Object.entries(value)
    return pairs.every(([, item]) => item === null || isPlain(item)) ? pairs : null
  }
  if (!Array.isArray(value) || !value.every(isPlain)) return value === null ? [] : null
  return value.map((item) => {
    const line = String(item)
    const cut = line.indexOf('=')
    return cut < 0 ? ([line, null] as const) : ([line.slice(0, cut), line.slice(cut + 1)] as const)
  })
}

export function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

export function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value)
}

/** Where a part of a value stands. */
export function below(at: At, key: string | number, kind: string): At {
  const place = kind === '[]' || at.kind === '' ? `${at.kind}${kind}` : `${at.kind}.${kind}`
  return { ...at, path: [...at.path, key], kind: place }
}

const MOST_SHOWN = 80

/** A value as a person may recognise it, in one short line. */
export function shownText(value: unknown): string {
  const line = JSON.stringify(value) ?? 'nothing'
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line
}

function rebuilt(
  value: Readonly<Record<string, unknown>>,
  part: (item: unknown, key: string) => unknown,
): Readonly<Record<string, unknown>> {
  const kept = Object.entries(value).map(([key, item]) => [key, part(item, key)] as const)
  return Object.fromEntries(kept.filter(([, item]) => item !== undefined))
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list'
  return isMap(value) ? 'a map' : shownText(value)
}
