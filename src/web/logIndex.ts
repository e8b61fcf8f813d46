import { setImmediate as turn } from 'node:timers/promises'
import type { LogPart, StateReads } from './ports.ts'

/** Which line a byte of a log is in, and where a line begins. Lines count from 1 and end with a newline alone. */
export interface LineIndex {
  readonly lineAt: (id: string, log: string, byte: number) => Promise<number>
  /** Null = the log has no such line yet. */
  readonly byteOf: (id: string, log: string, line: number) => Promise<number | null>
}

/** A place in a log, and the number of the line that it is in. */
interface Point {
  readonly byte: number
  readonly line: number
}

interface Known {
  readonly file: string
  readonly points: Point[]
}

const START: Point = { byte: 0, line: 1 }
const MOST_LOGS = 64
const NEAR_BYTES = 128 * 1024

type Read = StateReads['readLog']

/** Newlines are counted once, piece by piece with a turn for others between, and remembered as one number for some 100 KB. */
export function lineIndex(read: Read): LineIndex {
  const logs = new Map<string, Known>()

  function known(key: string, file: string): Known {
    const found = logs.get(key)
    const log = found?.file === file ? found : { file, points: [START] }
    logs.delete(key)
    logs.set(key, log)
    for (const oldest of logs.keys()) if (logs.size > MOST_LOGS) logs.delete(oldest)
    return log
  }

  /** Counts until that is enough, or the log ends. Between its turns others may count the same log: each goes on from the last point. */
  async function counted(
    id: string,
    log: string,
    enough: (last: Point) => boolean,
  ): Promise<readonly Point[]> {
    for (;;) {
      const file = read(id, log, 0, { bytes: 0 })?.file
      if (file === undefined) return [START]
      const { points } = known(`${id}/${log}`, file)
      const last = points.at(-1) ?? START
      const part = enough(last) ? null : read(id, log, last.byte)
      if (part === null || part.next <= part.from) return points
      add(points, { byte: part.next, line: last.line + newlines(part.text) })
      await turn()
    }
  }

  return {
    async lineAt(id, log, byte) {
      const points = await counted(id, log, (last) => last.byte >= byte)
      const point = points.findLast((one) => one.byte <= byte) ?? START
      return walked(point, ({ byte: at }) => (at < byte ? read(id, log, at, { bytes: byte - at }) : null))
        .line
    },
    async byteOf(id, log, line) {
      const points = await counted(id, log, (last) => last.line > line)
      const point = points.findLast((one) => one.line < line) ?? START
      const end = walked(point, (at) =>
        at.line < line ? read(id, log, at.byte, { lines: line - at.line }) : null,
      )
      return end.line < line ? null : end.byte
    },
  }
}

/** From a point on, as long as there is a part to go over. */
function walked(from: Point, next: (at: Point) => LogPart | null): Point {
  let at = from
  for (;;) {
    const part = next(at)
    if (part === null || part.next <= part.from) return at
    at = { byte: part.next, line: at.line + newlines(part.text) }
  }
}

/** Of a log that grows little by little one point is moved on. */
function add(points: Point[], point: Point): void {
  const before = points.at(-2)
  if (before !== undefined && point.byte - before.byte < NEAR_BYTES) points.pop()
  points.push(point)
}

export function newlines(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1
  return count
}
