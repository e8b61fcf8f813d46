import { formatDuration } from '../model/duration.ts'
import { plainText } from '../model/plainText.ts'
import type { Lane } from '../web/lanes.ts'
import { painted, paintOf, type Screen } from './screen.ts'
import { type Column, cut, table, timeText } from './table.ts'
import type { LaneRun, WatchLook } from './watchLook.ts'

const LANES: readonly (string | Column)[] = [
  'name',
  { head: 'state', paint: paintOf },
  { head: 'for', spare: 3 },
  'holder',
  { head: 'at', spare: 1, paint: paintOf },
  { head: 'waiting', spare: 2 },
]
const QUEUE: readonly (string | Column)[] = [
  { head: '#', spare: 3 },
  { head: 'run', whole: true },
  'recipe',
  'domain',
  { head: 'by', spare: 2 },
  { head: 'for', spare: 1 },
  'waits for',
]
const KEYS = 'q leaves · ↑ ↓ PgUp PgDn scroll'

/** The lines of one picture, none wider than the screen; from line `top` on, as far as there is room. */
export function pictureOf(
  look: WatchLook,
  screen: Screen,
  { rows, top, nowMs }: { readonly rows: number; readonly top: number; readonly nowMs: number },
): { readonly lines: readonly string[]; readonly top: number } {
  const columns = screen.columns ?? 80
  const body = bodyOf(look, screen, nowMs)
  const room = Math.max(1, rows - 3)
  const from = Math.max(0, Math.min(top, body.length - room))
  const shown = body.slice(from, from + room)
  const more = body.length > room ? ` · ${from + 1}–${from + shown.length} of ${body.length} lines` : ''
  const filled = [...shown, ...Array<string>(room - shown.length).fill('')]
  return {
    lines: [
      painted(screen, 'bold', cut(`berth · ${countsOf(look)} · ${timeText(nowMs).slice(11)}`, columns)),
      '',
      ...filled,
      painted(screen, 'dim', cut(`${KEYS}${more}`, columns)),
    ].slice(0, rows),
    top: from,
  }
}

function countsOf({ lanes, live, queued }: WatchLook): string {
  return `${lanes.length} ${lanes.length === 1 ? 'name' : 'names'} in use · ${live.length} of the service run · ${queued.length} queued`
}

function bodyOf({ lanes, runs, queued }: WatchLook, screen: Screen, nowMs: number): readonly string[] {
  const names = table(
    LANES,
    lanes.map((lane) => laneRow(lane, runs, nowMs)),
    screen,
  )
  const waiting = table(
    QUEUE,
    queued.map((row, index) => [
      String(index + 1),
      row.id,
      row.recipe,
      row.domain,
      row.actor,
      agoText(row.enqueuedAtMs, nowMs),
      row.stop === null ? (row.waitsFor ?? 'its turn') : `its end (${row.stop.reason})`,
    ]),
    screen,
  )
  const parts = [
    lanes.length === 0 ? 'No name is in use.\n' : names,
    queued.length === 0 ? 'Nothing is queued.\n' : waiting,
  ]
  return parts.join('\n').trimEnd().split('\n')
}

function laneRow(lane: Lane, runs: ReadonlyMap<string, LaneRun>, nowMs: number): readonly string[] {
  const { name, state, sinceMs, run, hold, waiters } = lane
  const about = run === null ? undefined : runs.get(run)
  return [
    name,
    state,
    sinceMs === null || sinceMs === 0 ? '' : agoText(sinceMs, nowMs),
    hold === null ? holderText(run, about) : `${hold.by}, by hand: ${hold.reason}`,
    about?.at ?? '',
    waiters.length === 0
      ? ''
      : `${waiters.length}: ${waiters.map(({ run, what }) => run ?? what).join(', ')}`,
  ]
}

function holderText(run: string | null, about: LaneRun | undefined): string {
  if (run === null) return ''
  return about === undefined ? run : `${run} ${about.recipe}`
}

function agoText(sinceMs: number, nowMs: number): string {
  return formatDuration(Math.max(0, Math.floor((nowMs - sinceMs) / 1000) * 1000))
}

/** What is true of each name and run, for whoever reads lines instead of pictures. Only what does not change by itself. */
export function standingsOf({ lanes, runs, queued }: WatchLook): ReadonlyMap<string, string> {
  const ofNames = lanes.map((lane): [string, string] => {
    const [name = '', state = '', , holder = '', at = '', waiting = ''] = laneRow(lane, runs, 0)
    const parts = [state, holder, at, waiting === '' ? '' : `waiting ${waiting}`]
    return [name, parts.filter((part) => part !== '').join(', ')]
  })
  const ofRuns = queued.map(({ id, recipe, domain, waitsFor, stop }): [string, string] => {
    const waits = stop === null ? (waitsFor ?? 'its turn') : `its end (${stop.reason})`
    return [`run ${id}`, `queued, ${recipe} at ${domain}, waits for ${waits}`]
  })
  return new Map([...ofNames, ...ofRuns].map(([key, text]) => [plainText(key), plainText(text)]))
}
