import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '../../errors.ts'
import type { EngineObject } from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'

/** A container may write faster than anybody reads. */
const MOST_KEPT_LINES = 10_000
/** The engine waits for nodes and containers that answer no more. */
const MOST_MS = 10_000

/** What writes logs. */
type Writer = Pick<EngineObject, 'kind' | 'id'>

/**
 * The last lines of all containers of a service, oldest first.
 * @throws EngineError
 */
export function lastLines(engine: Engine, service: string, lines: number): Promise<readonly string[]> {
  return linesOf(engine, { kind: 'service', id: service }, lines)
}

/**
 * The last lines of a service's containers, or of one container, oldest first.
 * @throws EngineError
 */
export async function linesOf(
  engine: Engine,
  { kind, id }: Writer,
  lines: number,
): Promise<readonly string[]> {
  const answer = await engine.call<unknown>(
    `tell the logs of a ${kind}`,
    (docker, abortSignal) => {
      const wish = { stdout: true, stderr: true, timestamps: true, tail: lines, abortSignal } as const
      return kind === 'service' ? docker.getService(id).logs(wish) : docker.getContainer(id).logs(wish)
    },
    { mostMs: MOST_MS },
  )
  const text = Buffer.isBuffer(answer) ? withoutFrames(answer) : String(answer)
  const stamped = text.split('\n').filter((line) => line !== '')
  return stamped
    .sort(byTime)
    .map((line) => line.slice(line.indexOf(' ') + 1))
    .slice(-lines)
}

/** Writes the logs of each service, or container, to `<name>.log` in the folder. What the engine cannot tell any more stands there instead. */
export async function keepServiceLogs(
  engine: Engine,
  writers: readonly EngineObject[],
  folder: string,
  mask: (text: string) => string,
): Promise<void> {
  const keep = async (writer: EngineObject): Promise<void> => {
    const lines = await linesOf(engine, writer, MOST_KEPT_LINES).catch((error: unknown) => [
      `[berth: the logs could not be kept: ${messageOf(error)}]`,
    ])
    await writeFile(join(folder, `${writer.name}.log`), mask(`${lines.join('\n')}\n`), { mode: 0o600 })
  }
  await Promise.all(writers.map(keep))
}

const HEADER_BYTES = 8

/** Each piece of output has a header of its stream and its length; that of a terminal has none. */
function withoutFrames(bytes: Buffer): string {
  if (bytes.length < HEADER_BYTES || bytes.readUIntBE(1, 3) !== 0) return bytes.toString('utf8')
  const pieces: Buffer[] = []
  for (let at = 0; at + HEADER_BYTES <= bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32BE(at + 4)
    pieces.push(bytes.subarray(at + HEADER_BYTES, end))
    at = end
  }
  return Buffer.concat(pieces).toString('utf8')
}

/** RFC 3339 with nanoseconds, all in UTC: text order is time order. */
function byTime(a: string, b: string): number {
  const [left = '', right = ''] = [a.split(' ', 1)[0], b.split(' ', 1)[0]]
  return left < right ? -1 : left > right ? 1 : 0
}
