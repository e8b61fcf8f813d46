import { setTimeout as pause } from 'node:timers/promises'
import { codeOf, EXIT } from '../errors.ts'
import type { Context } from './context.ts'
import { fullScreen } from './fullScreen.ts'
import { timeText } from './table.ts'
import { type Watcher, type WatchLook, watcher } from './watchLook.ts'
import { pictureOf, standingsOf } from './watchPicture.ts'

/** `berth watch`: the lanes live, until somebody leaves. A terminal gets pictures; whatever else reads gets a line for each thing that has changed. */
export async function watchLanes({ state, stdout }: Context, everyMs: number): Promise<number> {
  await using lanes = watcher(state)
  const stopped = new AbortController()
  let code: number = EXIT.ok
  const listen = (signal: NodeJS.Signals) => {
    if (signal !== 'SIGINT') code = EXIT.cancelled
    stopped.abort()
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, listen)
  try {
    const show = stdout.isTTY === true ? showPictures : showLines
    await show(lanes, everyMs, stopped.signal)
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, listen)
  }
  return code
}

async function showPictures(lanes: Watcher, everyMs: number, stopped: AbortSignal): Promise<void> {
  const { stdin, stdout } = process
  let top = 0
  let wake = new AbortController()
  let look: WatchLook | null = null
  const draw = () => {
    if (look === null) return
    const picture = pictureOf(look, stdout, { rows: stdout.rows, top, nowMs: Date.now() })
    top = picture.top
    screen.draw(picture.lines)
  }
  using screen = fullScreen({ stdin, stdout }, (key) => {
    top = Math.max(0, top + stepOf(key, stdout.rows))
    draw()
    if (key === ' ') wake.abort()
  })
  const end = AbortSignal.any([stopped, screen.left])
  while (!end.aborted) {
    look = await lanes.look()
    draw()
    wake = new AbortController()
    await rest(everyMs, AbortSignal.any([end, wake.signal]))
  }
}

/** How far a key scrolls; as xterm sends them, with and without application mode. */
function stepOf(key: string, rows: number): number {
  const steps: Readonly<Record<string, number>> = {
    k: -1,
    j: 1,
    '\u001b[A': -1,
    '\u001bOA': -1,
    '\u001b[B': 1,
    '\u001bOB': 1,
    '\u001b[5~': 3 - rows,
    '\u001b[6~': rows - 3,
    g: -Number.MAX_SAFE_INTEGER,
    G: Number.MAX_SAFE_INTEGER / 2,
  }
  return steps[key] ?? 0
}

async function showLines(lanes: Watcher, everyMs: number, stopped: AbortSignal): Promise<void> {
  const { stdout } = process
  const gone = new AbortController()
  let fault: Error | null = null
  stdout.on('error', (error) => {
    if (codeOf(error) !== 'EPIPE') fault = error
    gone.abort()
  })
  const end = AbortSignal.any([stopped, gone.signal])
  let before: ReadonlyMap<string, string> = new Map()
  while (!end.aborted) {
    const now = standingsOf(await lanes.look())
    for (const line of changesOf(before, now, lanes.endOf)) stdout.write(`${timeText(Date.now())} ${line}\n`)
    before = now
    await rest(everyMs, end)
  }
  if (fault !== null) throw fault
}

/** A line for what is new or another, then one for what is no more. */
function changesOf(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  endOf: Watcher['endOf'],
): readonly string[] {
  const changed = [...now].filter(([key, text]) => before.get(key) !== text)
  const gone = [...before].filter(([key]) => !now.has(key))
  return [
    ...changed.map(([key, text]) => `${key}: ${text}`),
    ...gone.map(([key, text]) => `${key}: ${goneText(key, text, endOf)}`),
  ]
}

const RUN = /\b[0-9a-hjkmnp-tv-z]{16}\b/

function goneText(key: string, text: string, endOf: Watcher['endOf']): string {
  if (key.startsWith('run ')) return 'not queued any more'
  const run = RUN.exec(text)?.[0]
  const end = run === undefined ? null : endOf(run)
  return end === null ? 'free' : `free; run ${run} ended: ${end}`
}

/** @param early ends it before its time */
async function rest(ms: number, early: AbortSignal): Promise<void> {
  await pause(ms, undefined, { signal: early }).catch(() => undefined)
}
