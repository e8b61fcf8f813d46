import { nameOfSite, runOf, runOfEntry, type Setting } from './cast.ts'
import type { Teller } from './deeds.ts'
import { adopt, noLocks, tellLock } from './lockDeeds.ts'
import { pathsIn, type Use } from './tables.ts'

/** Of a run process (src/run/main.ts), and of what its stages do to deployments. */
export function conductorTeller(setting: Setting, teller: Teller): (use: Use) => void {
  const locks = noLocks()
  const journal: Journal = { lock: null, isRefused: false, unflushed: null }
  return (use) => {
    const run = use.on === null ? -1 : runOf(setting, use.on.path, 'journal.ndjson')
    if (use.pid === teller.actor.pid) {
      if (use.name === 'execve') adopt(locks, setting, use.has)
      if (run < 0) tellLock(use, setting, locks, teller)
      else if (tellJournal(use, journal, teller)) locks.clears = run
    }
    tellEffects(use, setting, teller)
  }
}

interface Journal {
  lock: Use | null
  isRefused: boolean
  /** The line that is written and not flushed yet. */
  unflushed: Use | null
}

/** Is it the line after which marks may be cleared; a line counts when it is on disk. */
function tellJournal(use: Use, journal: Journal, teller: Teller): boolean {
  if (use.name === 'flock') tellRunLock(use, journal, teller)
  else if (use.name === 'write') journal.unflushed = use
  if (use.name !== 'fdatasync' || journal.unflushed === null) return false
  const line = journal.unflushed
  const event = /\\"event\\":\\"([a-z.]+)\\"/.exec(line.words)?.[1] ?? ''
  journal.unflushed = null
  if (event === 'process.started') {
    const how = journal.lock === null ? 'without the run lock' : 'takes the run lock and'
    teller.tell(`${how} journals its start`, use, journal.lock ?? line)
  }
  if (event !== 'teardown.ended' && event !== 'cleaned') return false
  const isVerified = line.words.includes('\\"verified\\":true')
  teller.tell(`journals ${isVerified ? 'a verified' : 'an unverified'} teardown$`, use, line)
  return isVerified
}

/** It asks again and again for a while: only the last time counts. */
function tellRunLock(use: Use, journal: Journal, teller: Teller): void {
  if (journal.isRefused) teller.deeds.pop()
  journal.isRefused = use.result !== 0
  if (journal.isRefused) teller.tell('finds somebody else at the run, and ends$', use)
  else journal.lock = use
}

function tellEffects(use: Use, setting: Setting, teller: Teller): void {
  const path = pathsIn(use)[0] ?? ''
  const name = nameOfSite(setting, path)
  const isRemoved = use.name === 'rmdir' || (use.name === 'unlinkat' && use.words.includes('AT_REMOVEDIR'))
  if (name >= 0 && use.result === 0 && use.name === 'mkdir') teller.tell(`deploys at name ${name}$`, use)
  else if (name >= 0 && use.result === 0 && isRemoved) teller.tell(`takes down name ${name}(;|$)`, use)
  else if (use.name === 'unlink' && runOfEntry(setting, path) >= 0)
    teller.tell(`removes the entry of run ${runOfEntry(setting, path)}$`, use)
}
