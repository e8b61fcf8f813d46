/** An assignment at the top of an `abra.sh`. */
export interface AbraExport {
  readonly key: string
  /** null = only a shell could tell: it runs a command, or uses variables. */
  readonly value: string | null
  readonly line: number
}

/**
 * The assignments of an `abra.sh`, with and without `export`, in its order. Nothing is run, and nothing refused: here-documents, indented lines (a
 * branch may never be taken), the bodies of functions and every other kind of shell are passed over. abra itself takes each line that matches
 * `^export\s+(\w+=\w+)`, wherever it stands (coop-cloud/abra, pkg/envfile); so a line that begins with `export` counts in a function too. Quotes,
 * comments and several assignments on a line are read as a shell would.
 */
export function abraExports(text: string): readonly AbraExport[] {
  const lines = text.replaceAll('\r\n', '\n').split('\n')
  const places = new Map(lines.map((line, index) => [line.replace(/^\t+/, ''), index]))
  const lastBrace = lines.findLastIndex((line) => line.startsWith('}'))
  const exports: AbraExport[] = []
  let isInBody = false
  for (let index = 0; index < lines.length; index += 1) {
    const line = (lines[index] ?? '').slice(0, MOST_LOOKED_AT)
    isInBody = isInBody ? !line.startsWith('}') : index < lastBrace && beginsBody(line)
    if (!isInBody || line.startsWith('export')) exports.push(...assignmentsIn(line, index + 1))
    const end = hereDocumentEnd(line)
    if (end !== null && (places.get(end) ?? 0) > index) index = indexFrom(lines, index + 1, end)
  }
  return exports
}

/** A longer line is no export of a version. */
const MOST_LOOKED_AT = 4096

const FUNCTION = /^\s*(?:function\s+[\w:.-]+\s*(?:\(\s*\))?|[\w:.-]+\s*\(\s*\))\s*(\{.*)?$/

/** Whether a function's body goes on below this line; it ends where a brace stands at a line's beginning. */
function beginsBody(line: string): boolean {
  const body = FUNCTION.exec(line)
  return body !== null && !/\}\s*(?:#.*)?$/.test(body[1] ?? '')
}

/** Neither `<<<` nor a shift: the word must be one. */
const HERE_DOCUMENT = /(?<!<)<<(?!<)-?\s*(["']?)([A-Za-z_]\w*)\1/

function hereDocumentEnd(line: string): string | null {
  return /^\s*#/.test(line) ? null : (HERE_DOCUMENT.exec(line)?.[2] ?? null)
}

function indexFrom(lines: readonly string[], from: number, end: string): number {
  for (let index = from; index < lines.length; index += 1)
    if (lines[index]?.replace(/^\t+/, '') === end) return index
  return lines.length
}

const ASSIGNMENT = /^([A-Za-z_]\w*)=/

function assignmentsIn(statement: string, line: number): readonly AbraExport[] {
  const exports: AbraExport[] = []
  let rest = statement.replace(/^export\s+/, '')
  for (let key = ASSIGNMENT.exec(rest); key !== null; key = ASSIGNMENT.exec(rest)) {
    const { value, length } = wordAt(rest, key[0].length)
    exports.push({ key: key[1] ?? '', value, line })
    rest = rest.slice(length).trimStart()
  }
  const next = /^(?:;|&&)\s*/.exec(rest)
  if (next !== null) return [...exports, ...assignmentsIn(rest.slice(next[0].length), line)]
  // `X=1 command` sets X for the command alone.
  return rest === statement || /^(?:$|[#&|])/.test(rest) || statement.startsWith('export') ? exports : []
}

/** One shell word: parts in quotes and parts without, side by side. */
const PART = /'([^']*)'|"((?:\\[^]|[^"\\])*)"|\\([^])|([^\s;&|<>()'"\\]+)/y
const COMPUTED = /(?<!\\)[$`]/

function wordAt(text: string, from: number): { readonly value: string | null; readonly length: number } {
  let value: string | null = ''
  PART.lastIndex = from
  let end = from
  for (let part = PART.exec(text); part !== null; part = PART.exec(text)) {
    const [, single, double, escaped, plain] = part
    const open: string = double ?? plain ?? ''
    const literal = single ?? escaped ?? (COMPUTED.test(open) ? null : open.replaceAll(/\\([$`"\\])/g, '$1'))
    value = value === null || literal === null ? null : value + literal
    end = PART.lastIndex
  }
  const isWhole = end === text.length || /[\s;&|]/.test(text[end] ?? '')
  return { value: isWhole ? value : null, length: isWhole ? end : text.length }
}
