import { formsOf } from './forms.ts'
import { type Mask, type MaskStream, NO_MASK } from './mask.ts'
import { type Matcher, makeMatcher } from './matcher.ts'

/** Hides these values in all their forms. */
export function makeMask(values: readonly Buffer[]): Mask {
  const forms = values.flatMap(formsOf)
  if (forms.length === 0) return NO_MASK
  const matcher = makeMatcher(forms)
  return {
    stream: () => maskStream(matcher),
    text(text) {
      const stream = maskStream(matcher)
      return Buffer.concat([stream.write(Buffer.from(text)), stream.flush()]).toString('utf8')
    },
  }
}

const HIDDEN = Buffer.from('***')
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d

/** So much of a secret is not shown either where an output pauses or ends in the middle of one. */
const LEAST_BEGINNING = 4

/** Bytes `from` up to `to`, without it. */
interface Span {
  readonly from: number
  readonly to: number
}

/** What is not given out yet, and what of it is to be hidden: spans in order, none overlapping. */
interface Held {
  readonly bytes: Buffer
  readonly spans: readonly Span[]
  /** The last byte that was given out was hidden, and so may be the next one. */
  readonly isInside: boolean
}

/**
 * Read in two ways: as it is, and as whoever shows it takes it (`plainText`): a colour in the middle of a secret is taken out before anybody sees
 * it. What overlaps is hidden as one: of two secrets that share bytes no rest stays.
 */
function maskStream(matcher: Matcher): MaskStream {
  const asItIs = new Reader(matcher, isLineEnd)
  // The two agree until there is something that only one of them takes out.
  let readers: readonly Reader[] = [asItIs]
  let held: Held = { bytes: Buffer.alloc(0), spans: [], isInside: false }
  const give = (whole: Held, end: number) => {
    const { given, rest } = cut(whole, end)
    held = rest
    for (const reader of readers) reader.given(end)
    return given
  }
  return {
    write(chunk) {
      if (readers.length === 1 && hasTakenOut(chunk)) readers = [asItIs, asItIs.branch(unseen())]
      const bytes = held.bytes.length === 0 ? chunk : Buffer.concat([held.bytes, chunk])
      const spans = union([held.spans, ...readers.map((reader) => reader.look(bytes))])
      const end = Math.min(...readers.map((reader) => reader.beginning))
      const given = give({ ...held, bytes, spans }, end)
      const depth = Math.max(...readers.map((reader) => reader.depth))
      return held.bytes.length <= mostHeld(depth) ? given : Buffer.concat([given, this.flush()])
    },
    flush() {
      const spans = union([held.spans, ...readers.map((reader) => reader.unfinished())])
      return give({ ...held, spans }, held.bytes.length)
    },
  }
}

/** One way to read an output. Indices are those of the bytes that are held; what was looked at is not looked at again. */
class Reader {
  readonly #matcher: Matcher
  readonly #isPassed: (byte: number) => boolean
  /** The matcher's. */
  #state = 0
  /** By index: 1 = does not count. */
  #passed = new Uint8Array(0)
  /** The indices of those that count. */
  #places = new Int32Array(0)
  #count = 0

  /** @param isPassed is asked once for each byte, in order: those that it says yes to do not count */
  constructor(matcher: Matcher, isPassed: (byte: number) => boolean) {
    this.#matcher = matcher
    this.#isPassed = isPassed
  }

  /** Another one that goes on from here. */
  branch(isPassed: (byte: number) => boolean): Reader {
    const reader = new Reader(this.#matcher, isPassed)
    reader.#state = this.#state
    reader.#passed = this.#passed
    return reader
  }

  /** @param bytes all that is held, and what has come @returns the secrets that end in what has come */
  look(bytes: Buffer): readonly Span[] {
    const known = this.#passed.length
    this.#hold(bytes.length, this.#passed)
    this.#count = placesOf(this.#passed, known, this.#places)
    const spans: Span[] = []
    for (let at = known; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0
      if (this.#isPassed(byte)) {
        this.#passed[at] = 1
        continue
      }
      this.#places[this.#count] = at
      this.#count += 1
      this.#state = this.#matcher.next(this.#state, byte)
      const length = this.#matcher.longest[this.#state] ?? 0
      if (length > 0) hide(spans, startOf(this.#places, this.#count, length), at + 1)
    }
    return spans
  }

  /** So many of the last bytes that count may become a secret. */
  get depth(): number {
    return this.#matcher.depths[this.#state] ?? 0
  }

  /** Where what may become a secret begins; the end where nothing may. */
  get beginning(): number {
    if (this.depth === 0 || this.#count === 0) return this.#passed.length
    return startOf(this.#places, this.#count, this.depth)
  }

  /** What may become a secret, if so much of it is there that it is not shown. */
  unfinished(): readonly Span[] {
    if (this.depth < LEAST_BEGINNING || this.#count === 0) return []
    return [{ from: this.beginning, to: (this.#places[this.#count - 1] ?? 0) + 1 }]
  }

  /** So many bytes are not held any more. */
  given(end: number): void {
    this.#hold(this.#passed.length - end, this.#passed.subarray(end))
    this.#count = placesOf(this.#passed, this.#passed.length, this.#places)
  }

  #hold(length: number, passed: Uint8Array): void {
    this.#passed = new Uint8Array(length)
    this.#passed.set(passed)
    this.#places = new Int32Array(length)
  }
}

/** Those of the secret itself, those that `base64` and `fold` put in, and a terminal's. */
function isLineEnd(byte: number): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN
}

/** Is there anything that whoever shows it takes out, and that is no line end. */
function hasTakenOut(chunk: Buffer): boolean {
  for (let at = 0; at < chunk.length; at += 1) {
    const byte = chunk[at] ?? 0
    if (isControl(byte) && !isLineEnd(byte)) return true
  }
  return false
}

/** What `plainText` takes out, byte for byte: control characters but tabs, and escape sequences (ECMA-48: CSI, OSC, or one character). */
function unseen(): (byte: number) => boolean {
  let inside: Inside = 'nothing'
  return (byte) => {
    const before = inside
    inside = after(before, byte)
    return before !== 'nothing' || inside !== 'nothing' || isControl(byte)
  }
}

type Inside = 'nothing' | 'escape' | 'csi' | 'osc'

function after(inside: Inside, byte: number): Inside {
  if (byte === ESCAPE) return 'escape'
  switch (inside) {
    case 'nothing':
      return 'nothing'
    case 'escape':
      return byte === 0x5b ? 'csi' : byte === 0x5d ? 'osc' : 'nothing'
    case 'csi':
      return byte >= 0x20 && byte <= 0x3f ? 'csi' : 'nothing'
    case 'osc':
      return byte === BELL || byte === LINE_FEED ? 'nothing' : 'osc'
  }
}

const ESCAPE = 0x1b
const BELL = 0x07
const TAB = 0x09

function isControl(byte: number): boolean {
  return (byte < 0x20 && byte !== TAB) || byte === 0x7f
}

/** With a line end, of two bytes, after each of its own: what holds more is a flood of line ends. */
function mostHeld(depth: number): number {
  return 3 * depth + 256
}

/** Where the last `length` of the bytes that count begin; what began before all that is held was given out, and hidden. */
function startOf(places: Int32Array, count: number, length: number): number {
  return length > count ? 0 : (places[count - length] ?? 0)
}

function cut({ bytes, spans, isInside }: Held, end: number): { readonly given: Buffer; readonly rest: Held } {
  const parts: Buffer[] = []
  let at = 0
  for (const { from, to } of spans.filter((span) => span.from < end)) {
    parts.push(bytes.subarray(at, from))
    if (from > 0 || !isInside) parts.push(HIDDEN)
    at = Math.min(to, end)
  }
  parts.push(bytes.subarray(at, end))
  const rest = spans
    .filter(({ to }) => to > end)
    .map(({ from, to }) => ({ from: Math.max(0, from - end), to: to - end }))
  return {
    given: Buffer.concat(parts),
    rest: { bytes: bytes.subarray(end), spans: rest, isInside: end === 0 ? isInside : at === end },
  }
}

/** Ends of spans never go back: what a new one overlaps are the last ones. */
function hide(spans: Span[], from: number, to: number): void {
  let start = from
  for (let last = spans.at(-1); last !== undefined && last.to > start; last = spans.at(-1)) {
    start = Math.min(start, last.from)
    spans.pop()
  }
  spans.push({ from: start, to })
}

/** The places of all bytes before `end` that count. */
function placesOf(passed: Uint8Array, end: number, places: Int32Array): number {
  let count = 0
  for (let at = 0; at < end; at += 1) {
    if (passed[at] === 1) continue
    places[count] = at
    count += 1
  }
  return count
}

/** In order, and none overlapping. */
function union(all: readonly (readonly Span[])[]): readonly Span[] {
  const spans: Span[] = []
  for (const span of all.flat().toSorted((one, other) => one.from - other.from || one.to - other.to)) {
    const last = spans.at(-1)
    if (last === undefined || last.to <= span.from) spans.push(span)
    else spans.splice(-1, 1, { from: last.from, to: Math.max(last.to, span.to) })
  }
  return spans
}
