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
 * Line ends are passed over when secrets are looked for: those of the secret itself, those that `base64` and `fold` put in, and a terminal's.
 * What overlaps is hidden as one: of two secrets that share bytes no rest stays.
 */
function maskStream(matcher: Matcher): MaskStream {
  let state = 0
  let held: Held = { bytes: Buffer.alloc(0), spans: [], isInside: false }
  const give = (whole: Held, end: number) => {
    const { given, rest } = cut(whole, end)
    held = rest
    return given
  }
  return {
    write(chunk) {
      const bytes = held.bytes.length === 0 ? chunk : Buffer.concat([held.bytes, chunk])
      const spans = [...held.spans]
      const places = new Int32Array(bytes.length)
      let count = placesOf(bytes, held.bytes.length, places)
      for (let at = held.bytes.length; at < bytes.length; at += 1) {
        const byte = bytes[at] ?? 0
        if (isLineEnd(byte)) continue
        places[count] = at
        count += 1
        state = matcher.next(state, byte)
        const length = matcher.longest[state] ?? 0
        if (length > 0) hide(spans, startOf(places, count, length), at + 1)
      }
      const depth = matcher.depths[state] ?? 0
      const end = depth === 0 || count === 0 ? bytes.length : startOf(places, count, depth)
      const given = give({ ...held, bytes, spans }, end)
      return held.bytes.length <= mostHeld(depth) ? given : Buffer.concat([given, this.flush()])
    },
    flush() {
      const { bytes } = held
      const spans = [...held.spans]
      const places = new Int32Array(bytes.length)
      const count = placesOf(bytes, bytes.length, places)
      const depth = matcher.depths[state] ?? 0
      if (depth >= LEAST_BEGINNING && count > 0)
        hide(spans, startOf(places, count, depth), (places[count - 1] ?? 0) + 1)
      return give({ ...held, spans }, bytes.length)
    },
  }
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

/** The places of all bytes before `end` that are no line ends. */
function placesOf(bytes: Buffer, end: number, places: Int32Array): number {
  let count = 0
  for (let at = 0; at < end; at += 1) {
    if (isLineEnd(bytes[at])) continue
    places[count] = at
    count += 1
  }
  return count
}

function isLineEnd(byte: number | undefined): boolean {
  return byte === LINE_FEED || byte === CARRIAGE_RETURN
}
