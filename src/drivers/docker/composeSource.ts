import { isMap as isMapNode, LineCounter, parseDocument, type ScalarTag, type Tags } from 'yaml'
import type { Source } from '../../config/yamlPlace.ts'

/** An alias may stand for at most so many nodes: a small file cannot grow without limit in memory. */
const MOST_ALIASES = 1000

/** Docker's parser reads 0440 as YAML 1.1 does; the mode of a config is often written so. */
const OLD_OCTAL: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?0[0-7_]+$/,
  resolve: (text) => Number.parseInt(text.replaceAll('_', ''), 8),
}

export interface ComposeSource extends Source {
  /** Anchors and merges resolved, variables not yet filled in; as JSON has it, whatever tags the YAML has. */
  readonly value: Readonly<Record<string, unknown>>
}

/** A compose file as a person wrote it, or what is wrong with it, with the line. */
export function readSource(
  file: string,
  text: string,
): ComposeSource | { readonly line: number; readonly fault: string } {
  const lines = new LineCounter()
  const document = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    logLevel: 'error',
    merge: true,
    customTags: (tags: Tags) => [OLD_OCTAL, ...tags],
  })
  const [error] = [...document.errors, ...document.warnings]
  if (error !== undefined)
    return {
      line: lines.linePos(error.pos[0]).line,
      fault: `this is no valid YAML: ${error.message.split('\n')[0]}`,
    }
  if (!isMapNode(document.contents))
    return { line: 1, fault: 'this is no compose file: it must be a map with services' }
  try {
    const value: unknown = document.toJS({ maxAliasCount: MOST_ALIASES })
    return { file, document, lines, value: JSON.parse(JSON.stringify(value)) }
  } catch (error) {
    return {
      line: 1,
      fault: `this is no valid YAML: ${error instanceof Error ? error.message : String(error)}`,
    }
  }
}

const NOT_PLAIN = /[\u007f-\u009f\u2028\u2029\ufeff]/g

/**
 * The text for another parser of YAML, as JSON: what was looked at is what that one reads. Two parsers need not agree on what a person wrote:
 * Docker's takes U+2028 and a lone CR for the end of a comment, and UTF-16 for text.
 */
export function asJson(value: unknown): string {
  const text = JSON.stringify(value, null, 2)
  return `${text.replaceAll(NOT_PLAIN, (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`)}\n`
}
