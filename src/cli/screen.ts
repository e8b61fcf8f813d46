import { Writable } from 'node:stream'
import { styleText } from 'node:util'

/** Where a command prints: a terminal, whose width counts, or a pipe or file, which gets all of every text. */
export interface Screen {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly write: (text: string) => unknown
}

export type Paint = Parameters<typeof styleText>[0]

/** Narrower than this nothing can be laid out. */
const LEAST_COLUMNS = 20

/** How wide a line may be; null = as wide as it likes: whoever reads a pipe wants all of it. */
export function widthOf({ isTTY, columns }: Screen): number | null {
  return isTTY === true && columns !== undefined && columns > 0 ? Math.max(columns, LEAST_COLUMNS) : null
}

/** Node decides by the stream and by NO_COLOR, FORCE_COLOR and TERM (no-color.org, force-color.org); what is no stream gets none. */
export function painted(screen: Screen, paint: Paint | null, text: string): string {
  return paint !== null && screen instanceof Writable ? styleText(paint, text, { stream: screen }) : text
}

const STATE_PAINTS: Readonly<Record<string, Paint>> = {
  free: 'green',
  good: 'green',
  success: 'green',
  ok: 'green',
  busy: 'yellow',
  starting: 'yellow',
  running: 'yellow',
  tearing_down: 'yellow',
  pending: 'yellow',
  note: 'yellow',
  cancelled: 'yellow',
  dirty: 'red',
  blocked: 'red',
  dead: 'red',
  bad: 'red',
  left: 'red',
  failure: 'red',
  fault: 'red',
  timed_out: 'red',
  'given up': 'red',
}

/** The colour of a state's word, wherever it is shown; null = none. */
export function paintOf(state: string): Paint | null {
  const [word = ''] = state.split(/[:,]/)
  return STATE_PAINTS[word] ?? null
}
