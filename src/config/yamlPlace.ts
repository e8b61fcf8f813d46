import { type Document, isMap, isNode, isScalar, isSeq, type LineCounter } from 'yaml'
import type { Path } from '../model/keyPath.ts'

/** A YAML file while it is being checked. */
export interface Source {
  readonly file: string
  readonly document: Document
  readonly lines: LineCounter
}

/** `file:line:column` of a character. */
export function placeOf(source: Source, offset: number): string {
  const { line, col } = source.lines.linePos(offset)
  return `${source.file}:${Math.max(1, line)}:${Math.max(1, col)}`
}

/** Where the key or list item at `path` begins; of what is missing, the nearest that is there. */
export function offsetOf(document: Document, path: Path): number {
  let at: Step = { node: document.contents, offset: startOf(document.contents) }
  for (const key of path) {
    const next = stepInto(at.node, key)
    if (next === null) return at.offset
    at = next
  }
  return at.offset
}

interface Step {
  readonly node: unknown
  readonly offset: number
}

function stepInto(node: unknown, key: PropertyKey): Step | null {
  if (isSeq(node)) {
    const item: unknown = node.items[Number(key)]
    return item === undefined ? null : { node: item, offset: startOf(item) }
  }
  if (!isMap(node)) return null
  const pair = node.items.find(
    (item) => String(isScalar(item.key) ? item.key.value : item.key) === String(key),
  )
  return pair === undefined ? null : { node: pair.value, offset: startOf(pair.key) }
}

function startOf(node: unknown): number {
  return isNode(node) ? (node.range?.[0] ?? 0) : 0
}
