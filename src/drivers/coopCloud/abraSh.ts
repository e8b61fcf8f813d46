/** An assignment at the top of an `abra.sh`. */
export interface AbraExport {
  readonly key: string
  /** null = only a shell could tell: it runs a command, or uses variables. */
  readonly value: string | null
  readonly line: number
}

/**
 * The assignments of an `abra.sh`, with and without `export`, in its order. Nothing is run, and nothing refused: functions, here-documents, indented
 * lines (a branch may never be taken) and every other kind of shell are passed over. abra itself takes lines that match `^export\s+(\w+=\w+)`
 * (coop-cloud/abra, pkg/envfile); quotes, comments and several assignments on a line are read here as a shell would.
 */
export function abraExports(text: string): readonly AbraExport[] {
  const exports: AbraExport[] = []
  let until: RegExp | null = null
  for (const [index, line] of text.replaceAll('\r\n', '\n').split('\n').entries()) {
    if (until !== null) {
      if (until.test(line)) until = null
      continue
    }
    if (line.length > MOST_LOOKED_AT) continue
    until = endOfSkipped(line)
    if (until === null) exports.push(...assignmentsIn(line, index + 1))
  }
  return exports
}

/** A longer line is no export of a version. */
const MOST_LOOKED_AT = 4096

const FUNCTION = /^\s*(?:function\s+[\w:.-]+\s*(?:\(\s*\))?|[\w:.-]+\s*\(\s*\))\s*(\{.*)?$/
const HERE_DOCUMENT = /<<-?\s*(["']?)(\w+)\1/
const END_OF_BODY = /^\}/

/** What ends the function or here-document that begins on this line, or null. A body ends where its brace stands at the line's beginning. */
function endOfSkipped(line: string): RegExp | null {
  if (/^\s*#/.test(line)) return null
  const here = HERE_DOCUMENT.exec(line)
  if (here !== null) return new RegExp(`^\\t*${here[2]}$`)
  const body = FUNCTION.exec(line)
  return body === null || /\}\s*(?:#.*)?$/.test(body[1] ?? '') ? null : END_OF_BODY
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
