import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { formatDuration } from '../model/duration.ts'
import { fieldsOf, numberOf } from '../model/read.ts'
import { entriesOf, type StatePaths } from '../store/stateFolder.ts'
import { lastSweeps } from '../store/sweeps.ts'
import type { Check } from './check.ts'
import type { Context } from './context.ts'
import { unitNamed } from './systemd.ts'

const TIMER = 'berth-janitor.timer'
const HOW = `systemctl enable --now ${TIMER} (deploy/systemd), or cp deploy/cron/berth /etc/cron.d/berth`
const LAST = 'last sweep'
const MOST_AGE_MS = 60 * 60_000

/** Who starts sweeps, and when the last one was. Only asked where a service is meant to be. */
export async function janitorChecks({ state }: Context): Promise<readonly Check[]> {
  const starter = await starterOf()
  const last = lastSweep(state, starter.state === 'good')
  const isSwept = last.some(({ what, state: stands }) => what === LAST && stands !== 'bad')
  return [starter.state === 'bad' && isSwept ? elsewhere(starter) : starter, ...last]
}

/** A container is swept from outside it. */
function elsewhere({ what }: Check): Check {
  return {
    what,
    state: 'note',
    text: `nothing is seen here that starts it, and yet there are sweeps; if that is not from outside: ${HOW}`,
  }
}

async function starterOf(): Promise<Check> {
  const [what, timer, cron] = ['janitor', await unitNamed(TIMER), cronFile(/\bberth["']?\s+janitor\b/)]
  if (timer !== null && timer.of('ActiveState') === 'active') {
    if (timer.of('UnitFileState').startsWith('enabled'))
      return { what, state: 'good', text: `${TIMER} is active` }
    return { what, state: 'bad', text: `${TIMER} does not start with the machine: systemctl enable ${TIMER}` }
  }
  if (cron !== null) return { what, state: 'good', text: `started by ${cron}` }
  const found =
    timer === null ? 'nothing on this machine starts it' : `${TIMER} is ${timer.of('ActiveState')}`
  return { what, state: 'bad', text: `${found}, so nobody cleans what dead runs leave: ${HOW}` }
}

const CRONTABS = ['/etc/cron.d', '/var/spool/cron/crontabs', '/var/spool/cron']

/** The crontab that has such a line, among those that this user may read; null = none. */
function cronFile(line: RegExp): string | null {
  const files = CRONTABS.flatMap((folder) => filesIn(folder))
  return ['/etc/crontab', ...files].find((file) => linesIn(file).some((text) => line.test(text))) ?? null
}

function filesIn(folder: string): readonly string[] {
  try {
    return entriesOf(folder).map((name) => join(folder, name))
  } catch {
    return []
  }
}

function linesIn(file: string): readonly string[] {
  try {
    return readFileSync(file, 'utf8')
      .split('\n')
      .filter((text) => !text.trimStart().startsWith('#'))
  } catch {
    return []
  }
}

/** @param isStarted a machine that has just been set up has no sweep yet */
function lastSweep(state: StatePaths, isStarted: boolean): readonly Check[] {
  const what = LAST
  const last = lastSweeps(state).at(-1)
  if (last === undefined)
    return isStarted ? [{ what, state: 'note', text: 'there was none yet: berth janitor' }] : []
  const { startedAtMs, exitCode } = readSweep(last)
  const ageMs = Date.now() - startedAtMs
  const ago = `${formatDuration(Math.max(0, Math.round(ageMs / 1000) * 1000))} ago`
  if (ageMs > MOST_AGE_MS)
    return [{ what, state: 'bad', text: `${ago}, and one is due every few minutes: ${HOW}` }]
  if (exitCode === 1)
    return [
      {
        what,
        state: 'note',
        text: `${ago}; it has left something: berth janitor --dry-run says what, and why`,
      },
    ]
  return [{ what, state: 'good', text: ago }]
}

function readSweep(line: unknown): { readonly startedAtMs: number; readonly exitCode: number } {
  const fields = fieldsOf(line, 'sweeps.ndjson')
  return { startedAtMs: numberOf(fields, 'startedAtMs'), exitCode: numberOf(fields, 'exitCode') }
}
