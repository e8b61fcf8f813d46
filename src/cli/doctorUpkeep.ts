import { existsSync, statSync } from 'node:fs'
import { execa } from 'execa'
import { formatDuration, formatSize } from '../model/duration.ts'
import { lastBackup } from '../store/backupNote.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import type { Check } from './check.ts'
import type { Context } from './context.ts'

const DAY_MS = 24 * 60 * 60_000
const MOST_DAYS = 7
const MOST_AUDIT_BYTES = 16 * 1024 ** 2
const ANSWER_MS = 5000

/** What somebody has to do now and then, or have done. Only asked where a service is meant to be. */
export async function upkeepChecks({ state }: Context): Promise<readonly Check[]> {
  return [...backup(state), ...rotation(state), ...(await journal()), ...(await timeSource())]
}

const HOW =
  'systemctl enable --now berth-backup.timer (deploy/systemd), or berth backup FILE (docs/backup.md)'

function backup(state: StatePaths): readonly Check[] {
  const what = 'backup'
  if (!existsSync(state.database)) return []
  const last = lastBackup(state)
  if (last === null) return [{ what, state: 'note', text: `no copy of the records is known: ${HOW}` }]
  const ageMs = Date.now() - last.atMs
  if (ageMs > MOST_DAYS * DAY_MS)
    return [
      {
        what,
        state: 'note',
        text: `the last copy is ${Math.floor(ageMs / DAY_MS)} days old (${last.file}): ${HOW}`,
      },
    ]
  if (!existsSync(last.file))
    return [
      {
        what,
        state: 'note',
        text: `${last.file}, the last copy, is not there (any more): keep it, or: ${HOW}`,
      },
    ]
  const age = formatDuration(Math.max(1000, Math.round(ageMs / 60_000) * 60_000))
  return [{ what, state: 'good', text: `${last.file}, ${age} old` }]
}

/** The only file of the state folder that nothing of berth bounds. */
function rotation({ audit }: StatePaths): readonly Check[] {
  const bytes = statSync(audit, { throwIfNoEntry: false })?.size ?? 0
  if (bytes <= MOST_AUDIT_BYTES) return []
  const text = `${audit} has ${formatSize(bytes)}, and nobody rotates it: cp deploy/logrotate/berth /etc/logrotate.d/berth`
  return [{ what: 'log rotation', state: 'note', text }]
}

/** Kept in memory, the log of the service is gone when the machine is restarted, and with it why. */
async function journal(): Promise<readonly Check[]> {
  if (!existsSync('/run/systemd/journal/socket') || existsSync('/var/log/journal')) return []
  const text =
    'the journal is kept in memory only, and a restart of the machine loses it: mkdir /var/log/journal && systemctl restart systemd-journald'
  return [{ what: 'log', state: 'note', text }]
}

/** Null answers, where nobody keeps the clock that way, say nothing. */
async function timeSource(): Promise<readonly Check[]> {
  const words = ['show', '--property=NTPSynchronized', '--value']
  const { failed, stdout } = await execa('timedatectl', words, {
    reject: false,
    timeout: ANSWER_MS,
    stdin: 'ignore',
  })
  if (failed || stdout.trim() !== 'no') return []
  const text = 'nobody sets the clock by others (NTPSynchronized=no): timedatectl set-ntp true'
  return [{ what: 'clock', state: 'note', text }]
}
