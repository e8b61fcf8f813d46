/** Fewer bytes are found everywhere by chance: GitLab masks none shorter than this either. */
export const LEAST_BYTES = 8

/** How URL encoders differ: what each leaves as it is, beside letters and digits. */
const URL_KEEPS = ['-_.~', "-_.~!'()*", '*-._', '-_.', '-_.~/', "-_.~;/?:@&=+$,#!'()*"] as const

/**
 * The byte strings that a secret shows as in a log, without line ends: as it is, each of its lines, in base64 (at each of the three places
 * that it can have in a longer text), in hexadecimal digits, URL-encoded, inside JSON, quoted by a shell, for XML or HTML, and in workflow commands.
 */
export function formsOf(value: Buffer): readonly Uint8Array[] {
  const whole = trimmed(value)
  const pieces = [whole, ...linesOf(whole)]
  const forms = [
    ...pieces.map((piece) => piece.toString('latin1')),
    ...[urlForms, textForms].flatMap((encode) => pieces.flatMap(encode)),
    ...[base64Forms, hexForms].flatMap((encode) => [value, whole].flatMap(encode)),
  ]
  return [...new Set(forms.map(unwrapped))]
    .filter((form) => form.length >= LEAST_BYTES)
    .map((form) => Buffer.from(form, 'latin1'))
}

/** How many bytes of a secret can be looked for. */
export function maskableBytes(value: Buffer): number {
  return unwrapped(trimmed(value).toString('latin1')).length
}

function unwrapped(text: string): string {
  return text.replaceAll(/[\r\n]/g, '')
}

/** Without white space at either end: a file's last line end is no part of its secret. */
function trimmed(value: Buffer): Buffer {
  return Buffer.from(value.toString('latin1').replaceAll(/^[\t\n\v\f\r ]+|[\t\n\v\f\r ]+$/g, ''), 'latin1')
}

function linesOf(value: Buffer): readonly Buffer[] {
  const lines = value.toString('latin1').split(/\r\n|\r|\n/)
  if (lines.length === 1) return []
  return lines
    .map((line) => trimmed(Buffer.from(line, 'latin1')))
    .filter(({ length }) => length >= LEAST_BYTES)
}

/** The characters that the secret alone makes: its neighbours share the first and the last one. */
function base64Forms(value: Buffer): readonly string[] {
  return [0, 1, 2].flatMap((before) => {
    const text = Buffer.concat([Buffer.alloc(before), value]).toString('base64')
    const own = text.slice(Math.ceil((before * 8) / 6), Math.floor(((before + value.length) * 8) / 6))
    return [own, own.replaceAll('+', '-').replaceAll('/', '_')]
  })
}

function hexForms(value: Buffer): readonly string[] {
  const digits = value.toString('hex')
  return [digits, digits.toUpperCase()]
}

function urlForms(value: Buffer): readonly string[] {
  const forms = URL_KEEPS.flatMap((keep) => {
    const encoded = [...value].map((byte) => urlCharacter(byte, keep)).join('')
    return [encoded, encoded.replaceAll('%20', '+')]
  })
  const whole = [...value].map(urlCode).join('')
  return [...forms, whole].flatMap((form) => [form, form.replaceAll(/%../g, (code) => code.toLowerCase())])
}

function urlCharacter(byte: number, keep: string): string {
  const character = String.fromCharCode(byte)
  if (/[A-Za-z0-9]/.test(character) || keep.includes(character)) return character
  return urlCode(byte)
}

function urlCode(byte: number): string {
  return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
}

/** As text in other texts; bytes that are no UTF-8 are none. */
function textForms(value: Buffer): readonly string[] {
  const text = value.toString('utf8')
  if (!Buffer.from(text).equals(value)) return []
  const json = inJson(text)
  const escaped = [
    ...[json, asciiOf(json)].flatMap((form) => [form, form.replaceAll('/', '\\/')]),
    json.replaceAll(/[<>&]/g, codeOf),
    inJson(json),
    text.replaceAll("'", "'\\''"),
    ...XML_KEEPS.map((quotes) => text.replaceAll(quotes, (character) => XML[character] ?? character)),
    ...[/[&<>"']/g, /[&<>']/g].flatMap((all) => HTML_QUOTES.map((quotes) => inHtml(text, all, quotes))),
    ...[/[%\r\n]/g, /[%\r\n:,]/g].map((all) =>
      text.replaceAll(all, (character) => urlCode(character.charCodeAt(0))),
    ),
  ]
  return escaped.map((form) => Buffer.from(form).toString('latin1'))
}

function inJson(text: string): string {
  return JSON.stringify(text).slice(1, -1)
}

/** As Python writes JSON: everything beyond ASCII is a code. */
function asciiOf(json: string): string {
  return json.replaceAll(/[^\0-\x7f]/g, codeOf)
}

function codeOf(character: string): string {
  return Array.from({ length: character.length }, (_, at) => character.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('')
}

/** Writers differ in what they escape: in text and in attributes, all five or those that have to be. */
const XML_KEEPS = [/[&<>"']/g, /[&<>"]/g, /[&<>]/g, /[&<]/g] as const

/** What HTML escapers have for quotes. */
const HTML_QUOTES = [
  { '"': '&quot;', "'": '&#39;' },
  { '"': '&#34;', "'": '&#39;' },
  { '"': '&quot;', "'": '&#x27;' },
  { '"': '&quot;', "'": '&#039;' },
] as const

function inHtml(text: string, all: RegExp, quotes: Readonly<Record<string, string>>): string {
  return text.replaceAll(all, (character) => quotes[character] ?? XML[character] ?? character)
}

const XML: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}
