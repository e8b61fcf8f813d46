import type { Hono } from 'hono'
import { isRunId } from '../store/runId.ts'
import { harmlessLog } from './logFile.ts'
import { addLogFollow } from './logFollow.ts'
import type { LogPart, WebWorld } from './ports.ts'

/** A log is text whatever is in it: no script, no frame, no guess of another type. */
const LOG_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

/** Logs as plain text: whole, as a file to keep with `?download`, or the next piece from a byte on, with the byte after it in `berth-next`. */
export function addLogs(app: Hono, world: WebWorld): void {
  addLogFollow(app, world)
  app.get('/runs/:id/logs/:log', (c) => {
    const [id, log, from] = [c.req.param('id'), c.req.param('log'), c.req.query('from')]
    if (!isRunId(id)) return c.notFound()
    if (from !== undefined && !/^-?\d{1,15}$/.test(from))
      return c.text('from must be the number of a byte; a negative one counts from the end\n', 400)
    const part = world.readLog(id, log, Number(from ?? 0))
    if (part === null) return c.notFound()
    if (from === undefined) {
      if (c.req.query('download') !== undefined)
        c.header('content-disposition', `attachment; filename="${fileName(id, log)}"`)
      return c.body(
        wholeLog(part, (next) => world.readLog(id, log, next)),
        200,
        headers(part),
      )
    }
    return c.body(harmlessLog(part.text), 200, { ...headers(part), 'berth-next': String(part.next) })
  })
}

/** Without what a header, a shell or a file system might take for something of its own (RFC 6266). */
function fileName(id: string, log: string): string {
  return `${id}-${log.replaceAll(/[^\w.-]/g, '_')}.log`
}

function headers({ size }: LogPart): Record<string, string> {
  return {
    'content-type': 'text/plain; charset=utf-8',
    'content-security-policy': LOG_POLICY,
    'berth-size': String(size),
  }
}

/** Piece by piece, as fast as it is read; ends with what there was when it was asked for. */
function wholeLog(first: LogPart, read: (next: number) => LogPart | null): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let part: LogPart | null = first
  return new ReadableStream({
    pull(controller) {
      if (part === null || part.next === part.from) return controller.close()
      controller.enqueue(encoder.encode(harmlessLog(part.text)))
      part = part.next < first.size ? read(part.next) : null
    },
  })
}
