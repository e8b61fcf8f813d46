/** Deeper ones are nobody's, and would go deep here. */
const MOST_TOKENS = 500

const TOKEN = /\s*(?:(&&|\|\||[!(),])|([A-Za-z]+)|`([^`]*)`|"([^"\\]*)")/y

interface Token {
  readonly sign: string
  readonly word: string
  readonly text: string | null
}

/**
 * Whether every request that a Traefik rule can match asks for one of our hosts: `Host` and `HostSNI` of ours alone, on each side of `||`, and
 * not behind `!`. What cannot be read is not taken for ours.
 */
export function hostsOnly(rule: string, isOurs: (host: string) => boolean): boolean {
  const tokens = tokensOf(rule)
  if (tokens === null) return false
  const reader = { tokens, at: 0, isOurs }
  const isBound = either(reader)
  return isBound === true && reader.at === tokens.length
}

interface Reader {
  readonly tokens: readonly Token[]
  at: number
  readonly isOurs: (host: string) => boolean
}

/** null = it cannot be read. */
type Bound = boolean | null

function either(reader: Reader): Bound {
  return joined(reader, '||', both, (one, other) => one && other)
}

function both(reader: Reader): Bound {
  return joined(reader, '&&', single, (one, other) => one || other)
}

function joined(
  reader: Reader,
  sign: string,
  part: (reader: Reader) => Bound,
  join: (one: boolean, other: boolean) => boolean,
): Bound {
  let bound = part(reader)
  while (bound !== null && took(reader, sign)) {
    const next = part(reader)
    bound = next === null ? null : join(bound, next)
  }
  return bound
}

function single(reader: Reader): Bound {
  if (took(reader, '!')) return single(reader) === null ? null : false
  if (took(reader, '(')) {
    const inner = either(reader)
    return took(reader, ')') ? inner : null
  }
  const name = reader.tokens[reader.at]?.word ?? ''
  if (name === '') return null
  reader.at += 1
  const texts = argumentsOf(reader)
  if (texts === null) return null
  return /^host(?:sni)?$/i.test(name) && texts.length > 0 && texts.every(reader.isOurs)
}

function argumentsOf(reader: Reader): readonly string[] | null {
  if (!took(reader, '(')) return null
  const texts: string[] = []
  do {
    const text = reader.tokens[reader.at]?.text ?? null
    if (text === null) return null
    texts.push(text)
    reader.at += 1
  } while (took(reader, ','))
  return took(reader, ')') ? texts : null
}

function took(reader: Reader, sign: string): boolean {
  if (reader.tokens[reader.at]?.sign !== sign) return false
  reader.at += 1
  return true
}

function tokensOf(rule: string): readonly Token[] | null {
  const tokens: Token[] = []
  const line = rule.trim()
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < line.length) {
    const match = TOKEN.exec(line)
    if (match === null || tokens.length === MOST_TOKENS) return null
    tokens.push({ sign: match[1] ?? '', word: match[2] ?? '', text: match[3] ?? match[4] ?? null })
  }
  return tokens
}
