import { isMap as isMapNode, LineCounter, parseDocument, type ScalarTag, type Tags } from 'yaml'
import type { Source } from '../../config/yamlPlace.ts'

/** An alias may stand for at most so many nodes: a small file cannot grow without limit in memory. */
const MOST_ALIASES = 1000

/** Whole numbers as Docker's parser reads them: modes are often written 0440; one that is too long for a number stays as it is written. */
const GO_INT: ScalarTag = {
  tag: 'tag:yaml.org,2002:int',
  default: true,
  test: /^[-+]?(?:0b[01_]+|0o?[0-7_]+|0x[0-9a-fA-F_]+|[1-9][0-9_]*)$/,
  resolve: (text) => {
    const plain = text.replaceAll('_', '').replace(/^([-+]?)0(?=\d)/, '$10o')
    const size = BigInt(plain.replace(/^[-+]/, ''))
    const number = Number(plain.startsWith('-') ? -size : size)
    return Number.isSafeInteger(number) ? number : text
  },
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
    customTags: (tags: Tags) => [GO_INT, ...tags],
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
