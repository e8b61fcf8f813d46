import { type Document, isAlias, isMap, isNode, isScalar, isSeq, type Pair } from 'yaml'
import type { Source } from '../../config/yamlPlace.ts'
import type { Path } from '../../model/keyPath.ts'

export interface Place {
  readonly file: string
  readonly line: number
}

/**
 * Where people have to change what a key of the resolved file says: in the compose file that says most of it, of two the later one; through anchors and
 * merges, to where they lead. Of what no file says, the nearest that one does.
 * @param resolved the whole resolved file: items of lists are found by what they say, since overlays and short forms have them at other places
 */
export function placeOfKey(sources: readonly Source[], path: Path, resolved: unknown): Place | null {
  const finds = sources.map((source) => ({ source, ...walk(source.document, path, resolved) }))
  const best = finds.reduce<(typeof finds)[number] | null>(
    (one, other) => (one === null || isNearer(other, one) ? other : one),
    null,
  )
  if (best === null) return null
  return { file: best.source.file, line: Math.max(1, best.source.lines.linePos(best.offset).line) }
}

interface Find {
  readonly offset: number
  /** Steps of the path that are there. */
  readonly depth: number
  /** How well items of lists agree. */
  readonly score: number
}

function isNearer(one: Find, other: Find): boolean {
  return one.depth > other.depth || (one.depth === other.depth && one.score >= other.score)
}

function walk(document: Document, path: Path, resolved: unknown): Find {
  let at = { node: document.contents as unknown, offset: 0 }
  let [value, score] = [resolved, 0]
  for (const [depth, key] of path.entries()) {
    value = valueAt(value, key)
    const node = target(at.node, document)
    const next = typeof key === 'number' ? itemOf(node, key, value) : memberOf(node, String(key), document)
    if (next === null) return { offset: at.offset, depth, score }
    score += next.score
    at = next
  }
  return { offset: at.offset, depth: path.length, score }
}

interface Step {
  readonly node: unknown
  readonly offset: number
  readonly score: number
}

function target(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : node
}

/** A key of a map or of what is merged into it, or a line `key=…` of a list, which stands for a map. */
function memberOf(node: unknown, key: string, document: Document): Step | null {
  if (isSeq(node)) {
    const item = best(node.items.filter(isScalar), (one) => likeness(headOf(one.value), key))
    return item === null ? null : { node: item, offset: startOf(item), score: 1 }
  }
  if (!isMap(node)) return null
  const pair = best(node.items, (one) => likeness(keyOf(one), key))
  if (pair !== null) return { node: pair.value, offset: startOf(pair.key), score: 1 }
  const merged = node.items.filter((one) => keyOf(one) === '<<').flatMap((one) => mergedOf(one, document))
  return merged.reduce<Step | null>((found, map) => found ?? memberOf(map, key, document), null)
}

/** The first of those that are most alike; null = none is. */
function best<T>(items: readonly T[], likenessOf: (item: T) => number): T | null {
  const all = items.map(likenessOf)
  const most = Math.max(0, ...all)
  return most === 0 ? null : (items[all.indexOf(most)] ?? null)
}

function mergedOf(pair: Pair, document: Document): readonly unknown[] {
  const value = target(pair.value, document)
  return isSeq(value) ? value.items.map((item) => target(item, document)) : [value]
}

/** The item that says most of what the resolved one says; of several, the one at the same place. */
function itemOf(node: unknown, index: number, resolved: unknown): Step | null {
  if (isScalar(node)) return { node, offset: startOf(node), score: 1 }
  if (!isSeq(node)) return null
  const wanted = textsOf(resolved)
  const scores = node.items.map((item) => {
    const said = textsOf(isNode(item) ? item.toJSON() : item).join('\n')
    return wanted.filter((text) => said.includes(text)).length
  })
  const best = Math.max(0, ...scores)
  const place = scores[index] === best ? index : scores.indexOf(best)
  const item: unknown = node.items[place]
  return item === undefined || best === 0 ? null : { node: item, offset: startOf(item), score: best }
}

function textsOf(value: unknown): readonly string[] {
  if (typeof value !== 'object') return [String(value)]
  return value === null ? [] : Object.values(value).flatMap(textsOf)
}

const VARIABLE = /\$\{[^}]*\}|\$[A-Za-z_]\w*/

/**
 * How much of a text is written in one with variables that can have become it; 0 = it cannot. In steps, not by a pattern: who writes the text must
 * not choose how long that takes.
 */
function likeness(written: string, text: string): number {
  const [first = '', ...others] = written.split(VARIABLE)
  if (others.length === 0) return written === text ? Number.POSITIVE_INFINITY : 0
  if (!text.startsWith(first) || !text.endsWith(others.at(-1) ?? '')) return 0
  let [at, said] = [first.length, 1 + first.length]
  for (const part of others) {
    const next = text.indexOf(part, at)
    if (next < 0) return 0
    at = next + part.length
    said += part.length
  }
  return said
}

function headOf(value: unknown): string {
  return String(value).split('=')[0] ?? ''
}

/** The parser has a symbol for the key of a merge. */
function keyOf(pair: Pair): string {
  const key = isScalar(pair.key) ? pair.key.value : pair.key
  return typeof key === 'symbol' ? '<<' : String(key)
}

function valueAt(value: unknown, key: PropertyKey): unknown {
  if (typeof value !== 'object' || value === null) return undefined
  return Object.entries(value).find(([name]) => name === String(key))?.[1]
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
