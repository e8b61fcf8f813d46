/** Of a member of an archive, what a copy of it must have, too. */
export interface TarMember {
  readonly kind: 'file' | 'folder' | 'link' | 'hard link' | 'special'
  /** Bytes of a file. */
  readonly size: number
  /** Mode and owner: `644 0:0`. */
  readonly rights: string
  /** What a link leads to. */
  readonly link: string
  /** SHA-256 of a file, hex. */
  readonly digest: string
}

/** What is no archive, or more than is read. */
export class TarFault extends Error {
  override readonly name = 'TarFault'
}

export const BLOCK = 512

/** What a member, or a header before it, says of itself. */
export interface Header extends Pick<TarMember, 'kind' | 'rights' | 'link' | 'size'> {
  readonly type: string
  readonly path: string
}

/** Kinds of a header whose body stands for fields of the next one. */
const LONG: Readonly<Record<string, string>> = { x: '', L: 'path', K: 'linkpath' }

const KINDS: Readonly<Record<string, TarMember['kind']>> = {
  '0': 'file',
  '\0': 'file',
  '7': 'file',
  '1': 'hard link',
  '2': 'link',
  '3': 'special',
  '4': 'special',
  '5': 'folder',
  '6': 'special',
}

export function isLong({ type }: Header): boolean {
  return Object.hasOwn(LONG, type)
}

/** @param long what the headers before it say of it */
export function readHeader(head: Buffer, long: ReadonlyMap<string, string>): Header {
  requireSum(head)
  const type = head.toString('latin1', 156, 157)
  const kind = KINDS[type]
  if (kind === undefined && !Object.hasOwn(LONG, type))
    throw new TarFault(`it has a member of kind ${JSON.stringify(type)}`)
  const number = (key: string, from: number, to: number) =>
    long.has(key) ? wholeNumber(long.get(key) ?? '') : readNumber(head.subarray(from, to))
  const isPosix = head.toString('latin1', 257, 263) === 'ustar\0'
  const prefix = isPosix ? textAt(head, 345, 500) : ''
  const name = long.get('path') ?? `${prefix === '' ? '' : `${prefix}/`}${textAt(head, 0, 100)}`
  const mode = readNumber(head.subarray(100, 108)) & 0o7777
  return {
    type,
    kind: kind ?? 'file',
    path: name.replace(/^(?:\.\/)+/, '').replace(/\/+$/, ''),
    size: number('size', 124, 136),
    rights: `${mode.toString(8)} ${number('uid', 108, 116)}:${number('gid', 116, 124)}`,
    link: kind === 'link' || kind === 'hard link' ? (long.get('linkpath') ?? textAt(head, 157, 257)) : '',
  }
}

/** The sum of all bytes, those of the sum itself taken for spaces. */
function requireSum(head: Buffer): void {
  const sum = head.reduce((total, byte, at) => total + (at >= 148 && at < 156 ? 32 : byte), 0)
  if (sum !== readNumber(head.subarray(148, 156))) throw new TarFault('a header in it is damaged')
}

/** Octal text; what is too long for that is written in bytes, the first bit set (GNU). */
function readNumber(field: Buffer): number {
  if ((field[0] ?? 0) < 0x80) {
    const text = textAt(field, 0, field.length).trim()
    if (!/^[0-7]*$/.test(text)) throw new TarFault('a header in it is damaged')
    return Number.parseInt(text || '0', 8)
  }
  const value = field.subarray(1).reduce((total, byte) => total * 256 + byte, (field[0] ?? 0) & 0x7f)
  if (!Number.isSafeInteger(value)) throw new TarFault('a header in it is damaged')
  return value
}

function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new TarFault('a header in it is damaged')
  return Number(text)
}

function textAt(bytes: Buffer, from: number, to: number): string {
  const end = bytes.indexOf(0, from)
  return bytes.toString('utf8', from, end === -1 || end > to ? to : end)
}

/** Fields of the next header, from the body of one for which `isLong`. */
export function longOf({ type }: Header, bytes: Buffer): ReadonlyMap<string, string> {
  const key = LONG[type] ?? ''
  return key === '' ? paxRecords(bytes) : new Map([[key, textAt(bytes, 0, bytes.length)]])
}

/** `27 path=some/name` and a line end, the number being the length of all of it (pax(1)). */
function paxRecords(bytes: Buffer): ReadonlyMap<string, string> {
  const records = new Map<string, string>()
  for (let at = 0; at < bytes.length; ) {
    const space = bytes.indexOf(' ', at)
    const length = space === -1 ? 0 : wholeNumber(bytes.toString('latin1', at, space))
    const record = bytes.toString('utf8', space + 1, at + length - 1)
    const equals = record.indexOf('=')
    if (length <= space - at + 1 || at + length > bytes.length || equals < 1)
      throw new TarFault('a header in it is damaged')
    records.set(record.slice(0, equals), record.slice(equals + 1))
    at += length
  }
  return records
}
