import type { Context, Hono } from 'hono'
import { isRunId } from '../store/runId.ts'
import { PLAIN, type Style } from './ansi.ts'
import { type Feeds, feedsOn } from './logFeed.ts'
import { logLines } from './pages/logLines.ts'
import type { LogMost, LogPart, WebWorld } from './ports.ts'

/** One event: what a follower that does not read keeps in memory, besides what its socket takes. */
const MOST: LogMost = { bytes: 64 * 1024, lines: 1_000 }
/** A browser comes back by itself, and is asked again who it is. */
const LONGEST_MS = 10 * 60 * 1000
const MOST_FOLLOWERS = 2_000

/** A place in a log, and the number of the line that it is in. */
interface Place {
  readonly byte: number
  readonly line: number
  readonly style: Style
}

type FollowWorld = Pick<WebWorld, 'readLog' | 'runLook' | 'now'>

interface LogEvent {
  readonly text: string
  readonly next: Place
}

/** Logs as server-sent events, from a place on, until their run is over: the markup of new lines, which a page adds at its end. */
export function addLogFollow(app: Hono, world: FollowWorld): void {
  const feeds = feedsOn<LogEvent>(world)
  const followers = new Set<AbortController>()

  app.get('/runs/:id/logs/:log/events', (c) => {
    const { id, log } = c.req.param()
    const place = placeOf(c)
    if (!isRunId(id) || world.readLog(id, log, 0, { bytes: 0 }) === null) return c.notFound()
    if (place === null) return c.text('from is the number of a byte, line that of its line\n', 400)
    if (followers.size >= MOST_FOLLOWERS) return c.text('too many follow logs just now\n', 503)
    return c.body(followed({ ...world, feeds, followers, id, log }, place), 200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      // nginx keeps back what a server sends little by little, unless it is told not to.
      'x-accel-buffering': 'no',
    })
  })
}

/** After a break, a browser says what it has (HTML, "Last-Event-ID"). */
function placeOf(c: Context): Place | null {
  const text = c.req.header('last-event-id') ?? `${c.req.query('from') ?? 0}:${c.req.query('line') ?? 1}`
  const [, byte, line] = /^(\d{1,15}):(\d{1,15})$/.exec(text) ?? []
  return byte === undefined ? null : { byte: Number(byte), line: Number(line), style: PLAIN }
}

interface Followed extends FollowWorld {
  readonly feeds: Feeds<LogEvent>
  readonly followers: Set<AbortController>
  readonly id: string
  readonly log: string
}

/** Reads on only when what was sent has been taken: who is slow, or does not read at all, costs one event. */
function followed(world: Followed, from: Place): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const gone = new AbortController()
  const events = eventsOf(world, from, gone.signal)
  return new ReadableStream(
    {
      async pull(controller) {
        world.followers.add(gone)
        const { value, done } = await events.next()
        if (done !== true) return controller.enqueue(encoder.encode(value))
        world.followers.delete(gone)
        if (!gone.signal.aborted) controller.close()
      },
      cancel() {
        world.followers.delete(gone)
        gone.abort()
      },
    },
    // Nothing is made before it is asked for.
    { highWaterMark: 0 },
  )
}

async function* eventsOf(world: Followed, from: Place, gone: AbortSignal): AsyncGenerator<string, void> {
  const { id, log, feeds } = world
  const untilMs = world.now() + LONGEST_MS
  let place = from
  yield 'retry: 2000\n\n'
  while (!gone.aborted && world.now() < untilMs) {
    const part = world.readLog(id, log, place.byte, MOST)
    if (part !== null && part.next !== place.byte) {
      const { text, next } = feeds.shared(id, log, keyOf(place, part), () => eventOf(log, part, place))
      place = next
      yield text
      continue
    }
    const news = await feeds.news(id, log, part?.size ?? 0, gone)
    if (news === 'still') yield ': nothing new\n\n'
    if (news === 'over') return yield 'event: over\ndata:\n\n'
  }
}

function keyOf({ byte, line, style }: Place, { next, file }: LogPart): string {
  return JSON.stringify([file, byte, next, line, style.colour, style.background, ...style.marks])
}

function eventOf(log: string, part: LogPart, { line, style }: Place): LogEvent {
  const shown = logLines(log, part.text, line, style)
  const next = { byte: part.next, line: shown.next, style: shown.style }
  return { text: `id: ${next.byte}:${next.line}\ndata: ${JSON.stringify(shown.markup)}\n\n`, next }
}
