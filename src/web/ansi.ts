import { plainText } from '../model/plainText.ts'

/** How text is shown. Colours are the sixteen that every terminal has, 0 to 15; null = the page's own. */
export interface Style {
  readonly colour: number | null
  readonly background: number | null
  readonly marks: ReadonlySet<Mark>
}

export const MARKS = ['bold', 'dim', 'italic', 'underline', 'inverse', 'strike'] as const
type Mark = (typeof MARKS)[number]

/** Text that is harmless, and not escaped yet; the classes are words of ours alone. */
export interface Piece {
  readonly text: string
  readonly classes: string
}

export const PLAIN: Style = { colour: null, background: null, marks: new Set() }

/** ECMA-48, SGR: the only escape that says how text looks, and the only one that is not thrown away. */
// oxlint-disable-next-line no-control-regex -- escapes are what this is about
const SGR = /\u001b\[([\d;:]*)m/g

/** One line of a log in pieces of one look each, and the style that it leaves behind. */
export function styled(
  line: string,
  before: Style,
): { readonly pieces: readonly Piece[]; readonly style: Style } {
  const pieces: Piece[] = []
  let [style, begin] = [before, 0]
  const add = (text: string) => {
    const plain = visible(text)
    if (plain !== '') pieces.push({ text: plain, classes: classesOf(style) })
  }
  for (const escape of line.matchAll(SGR)) {
    add(line.slice(begin, escape.index))
    style = after(style, escape[1] ?? '')
    begin = escape.index + escape[0].length
  }
  add(line.slice(begin))
  return { pieces, style }
}

/** What a terminal would write over what stands there stands below it: nothing that was said is hidden. */
function visible(text: string): string {
  return text.split(/\r+/).map(plainText).join('\n')
}

function classesOf({ colour, background, marks }: Style): string {
  const [front, back] = marks.has('inverse') ? [background, colour] : [colour, background]
  return [
    ...(front === null ? [] : [`fg-${front}`]),
    ...(back === null ? [] : [`bg-${back}`]),
    ...MARKS.filter((mark) => marks.has(mark)),
  ].join(' ')
}

function after(style: Style, parameters: string): Style {
  const codes = parameters.split(/[;:]/).map(Number)
  let next = style
  for (let at = 0; at < codes.length; at += 1) {
    const code = codes[at] ?? 0
    if (code === 38 || code === 48) {
      const { colour, taken } = extended(codes.slice(at + 1))
      next = code === 38 ? { ...next, colour } : { ...next, background: colour }
      at += taken
    } else next = afterCode(next, code)
  }
  return next
}

const ON: ReadonlyMap<number, Mark> = new Map([
  [1, 'bold'],
  [2, 'dim'],
  [3, 'italic'],
  [4, 'underline'],
  [7, 'inverse'],
  [9, 'strike'],
])

const OFF: ReadonlyMap<number, readonly Mark[]> = new Map([
  [22, ['bold', 'dim']],
  [23, ['italic']],
  [24, ['underline']],
  [27, ['inverse']],
  [29, ['strike']],
])

function afterCode(style: Style, code: number): Style {
  const on = ON.get(code)
  const off = OFF.get(code)
  if (code === 0) return PLAIN
  if (on !== undefined) return { ...style, marks: new Set([...style.marks, on]) }
  if (off !== undefined) return { ...style, marks: style.marks.difference(new Set(off)) }
  if (code === 39) return { ...style, colour: null }
  if (code === 49) return { ...style, background: null }
  if (code >= 30 && code <= 37) return { ...style, colour: code - 30 }
  if (code >= 40 && code <= 47) return { ...style, background: code - 40 }
  if (code >= 90 && code <= 97) return { ...style, colour: code - 90 + 8 }
  if (code >= 100 && code <= 107) return { ...style, background: code - 100 + 8 }
  return style
}

/** ITU-T T.416: `5;N` of 256 colours, `2;R;G;B` of all. */
function extended([kind, ...rest]: readonly number[]): {
  readonly colour: number | null
  readonly taken: number
} {
  if (kind === 5) return { colour: ofPalette(rest[0] ?? 0), taken: 2 }
  if (kind === 2) return { colour: nearest(rest[0] ?? 0, rest[1] ?? 0, rest[2] ?? 0), taken: 4 }
  return { colour: null, taken: kind === undefined ? 0 : 1 }
}

/** xterm's palette: 16 colours, a cube of 6 × 6 × 6, 24 greys. */
function ofPalette(index: number): number {
  if (index < 16) return Math.max(0, index)
  if (index >= 232) return nearest(...grey(Math.min(255, index)))
  const cube = index - 16
  const level = (value: number) => (value === 0 ? 0 : 55 + value * 40)
  return nearest(level(Math.floor(cube / 36)), level(Math.floor(cube / 6) % 6), level(cube % 6))
}

function grey(index: number): [number, number, number] {
  const level = 8 + (index - 232) * 10
  return [level, level, level]
}

/** Which channels are on, and whether brightly: a style sheet has those alone, and both themes can be read. */
function nearest(red: number, green: number, blue: number): number {
  const brightest = Math.max(red, green, blue)
  if (brightest < 64) return 0
  const bit = (value: number) => (value > brightest / 2 ? 1 : 0)
  const colour = bit(red) + 2 * bit(green) + 4 * bit(blue)
  if (colour === 7 && brightest < 160) return 8
  return brightest > 200 ? colour + 8 : colour
}
