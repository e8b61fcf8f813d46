import { isMap, isScalar, isSeq, LineCounter, parseDocument } from 'yaml'
import { offsetOf, type Source } from '../../config/yamlPlace.ts'
import { messageOf } from '../../errors.ts'
import { type Path, pathText } from '../../model/keyPath.ts'
import type { Fault } from './fault.ts'

/** A compose file, parsed and not interpolated. */
export interface ComposeDocument extends Source {
  readonly text: string
  readonly value: Fields
}

export type Fields = Readonly<Record<string, unknown>>

/** An alias may stand for at most so many nodes: a small file cannot grow without limit in memory. */
const MOST_ALIASES = 100
/** No compose file is deeper; recursion on a hostile one ends here. */
const DEEPEST = 50

/** Reads YAML as Docker's CLI does, merge keys (`<<`) included. A file without content is an empty map. */
export function parseCompose(
  file: string,
  text: string,
): { readonly document: ComposeDocument | null; readonly faults: readonly Fault[] } {
  const lines = new LineCounter()
  try {
    const document = parseDocument(text, yamlOptions(lines))
    if (document.errors.length > 0)
      return {
        document: null,
        faults: document.errors.map(({ message, pos }) =>
          yamlFault(file, lines.linePos(pos[0]).line, message),
        ),
      }
    const value = fieldsOf(document.toJS({ maxAliasCount: MOST_ALIASES }))
    const source = { file, text, document, lines, value }
    const faults = sizeFaults(source)
    return { document: faults.length === 0 ? source : null, faults }
  } catch (error) {
    return { document: null, faults: [yamlFault(file, 1, messageOf(error))] }
  }
}

/** What is looked up one by one. */
const COUNTED = ['services', 'configs', 'secrets', 'networks', 'volumes']
const MOST_COUNTED = 500

function sizeFaults(source: ComposeDocument): readonly Fault[] {
  return COUNTED.flatMap((key) => {
    const count = Object.keys(fieldsOf(source.value[key])).length
    if (count <= MOST_COUNTED) return []
    const text = `has ${count} entries; at most ${MOST_COUNTED} are read`
    return [{ file: source.file, line: lineAt(source, [key]), key, text }]
  })
}

function yamlOptions(lineCounter: LineCounter) {
  return { lineCounter, merge: true, prettyErrors: false, uniqueKeys: false, logLevel: 'error' } as const
}

function yamlFault(file: string, line: number, message: string): Fault {
  return { file, line: Math.max(1, line), key: '', text: `this is no valid YAML: ${message.split('\n')[0]}` }
}

/** A map's fields; of anything else none. */
export function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value))
    : {}
}

/** A list's items; of anything else none. */
export function itemsOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** The line of the key or item at this path; of what an alias brings in, that of the nearest parent. */
export function lineAt(source: Source, path: Path): number {
  return Math.max(1, source.lines.linePos(offsetOf(source.document, path)).line)
}

/** A text of the file that compose interpolates: each value, never a key. */
export interface ComposeText {
  readonly text: string
  readonly path: Path
  readonly key: string
  /** Where it is written, quotes and all. */
  readonly range: readonly [number, number]
}

/** All texts in the order of the file; comments are none. */
export function textsIn({ document }: ComposeDocument): readonly ComposeText[] {
  return [...textsBelow(document.contents, [])]
}

function* textsBelow(node: unknown, path: Path): Generator<ComposeText> {
  if (path.length > DEEPEST) return
  if (isMap(node)) for (const { key, value } of node.items) yield* textsBelow(value, [...path, keyOf(key)])
  if (isSeq(node)) for (const [index, item] of node.items.entries()) yield* textsBelow(item, [...path, index])
  if (!isScalar(node) || typeof node.value !== 'string') return
  const [from = 0, to = 0] = node.range ?? []
  yield { text: node.value, path, key: pathText(path), range: [from, to] }
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key)
}

/** The line on which a part of a text is written; a long text goes over many lines. */
export function lineOfPart(
  { text, lines }: ComposeDocument,
  { range: [from, to] }: ComposeText,
  part: string,
): number {
  const within = text.slice(from, to).indexOf(part)
  return Math.max(1, lines.linePos(from + Math.max(0, within)).line)
}
