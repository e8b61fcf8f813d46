import { LineCounter, parseDocument } from 'yaml'
import type { z } from 'zod'
import { type Path, pathText } from '../model/keyPath.ts'
import { messageOf, unknownKey } from './messages.ts'
import { type Salvaged, salvage } from './salvage.ts'
import { offsetOf, placeOf, type Source } from './yamlPlace.ts'

/** What is wrong, at the path of the value that has to change. */
export interface Finding {
  readonly path: Path
  readonly text: string
}

export interface YamlFile<T> {
  /** null = the file has faults of its own. */
  readonly value: T | null
  /** What could be read, so that rules between fields hold although one of them is bad; null = nothing. */
  readonly parts: Salvaged<T> | null
  /**
   * The file's own faults and the findings of further rules, in the order of the file, each
   * `file:line:column: key: what is wrong, what would be right`.
   */
  faultsWith(findings: readonly Finding[]): readonly string[]
}

/** An alias may stand for at most so many nodes: a small file cannot grow without limit in memory. */
const MOST_ALIASES = 100

/**
 * Why a file that somebody may be writing just now is not to be believed, or null. Cut off in the middle of a line, many a file is valid and says
 * something else: `slots: 1` of `slots: 16`.
 */
export function tornFault(file: string, text: string): string | null {
  if (text === '' || text.endsWith('\n')) return null
  const line = text.split('\n').length
  return `${file}:${line}:1: the last line has no end: the file may be half written; write it whole, or end the line`
}

/** Reads YAML and holds it against a schema. An empty file is an empty map. */
export function readYaml<S extends z.ZodObject>(
  file: string,
  text: string,
  schema: S,
): YamlFile<z.output<S>> {
  const lines = new LineCounter()
  const source = { file, document: parseDocument(text, { lineCounter: lines, prettyErrors: false }), lines }
  const input = inputOf(source)
  if ('faults' in input) return { value: null, parts: null, faultsWith: () => input.faults }
  const { value, findings } = held(schema, input.value)
  return {
    value,
    parts: salvage(schema, input.value) ?? null,
    faultsWith: (further) => inOrder([...findings, ...further], source),
  }
}

/** The plain value, or why it is no valid YAML; warnings (an unknown tag) count as errors. */
function inputOf(source: Source): { readonly value: unknown } | { readonly faults: readonly string[] } {
  const { document } = source
  const errors = [...document.errors, ...document.warnings]
  if (errors.length > 0)
    return { faults: errors.map((error) => syntaxFault(error.message, error.pos[0], source)) }
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }) ?? {} }
  } catch (error) {
    return { faults: [syntaxFault(error instanceof Error ? error.message : String(error), 0, source)] }
  }
}

function syntaxFault(message: string, offset: number, source: Source): string {
  return `${placeOf(source, offset)}: this is no valid YAML: ${message.split('\n')[0]}`
}

function held<S extends z.ZodObject>(
  schema: S,
  input: unknown,
): { readonly value: z.output<S> | null; readonly findings: readonly Finding[] } {
  const knownKeys = new Map<string, readonly string[]>()
  const result = schema.safeParse(input, {
    error: (issue) => {
      if (issue.code === 'unrecognized_keys') knownKeys.set(pathText(issue.path ?? []), keysOf(issue.inst))
      return messageOf(issue)
    },
  })
  if (result.success) return { value: result.data, findings: [] }
  return { value: null, findings: result.error.issues.flatMap((issue) => findingsOf(issue, knownKeys)) }
}

function findingsOf(
  issue: z.core.$ZodIssue,
  knownKeys: ReadonlyMap<string, readonly string[]>,
): readonly Finding[] {
  if (issue.code !== 'unrecognized_keys') return [{ path: issue.path, text: issue.message }]
  const known = knownKeys.get(pathText(issue.path)) ?? []
  return issue.keys.map((key) => ({ path: [...issue.path, key], text: unknownKey(key, known) }))
}

/** The keys of the object schema that refused a key. */
function keysOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null || !('shape' in schema)) return []
  return typeof schema.shape === 'object' && schema.shape !== null ? Object.keys(schema.shape) : []
}

function inOrder(findings: readonly Finding[], source: Source): readonly string[] {
  return findings
    .map(({ path, text }) => ({ path, text, offset: offsetOf(source.document, path) }))
    .sort((one, other) => one.offset - other.offset)
    .map(({ path, text, offset }) => {
      const key = path.length === 0 ? '' : `${pathText(path)}: `
      return `${placeOf(source, offset)}: ${key}${text}`
    })
}
