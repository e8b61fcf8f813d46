import { join } from 'node:path'
import { runOf, runOfEntry, type Setting } from './cast.ts'
import type { Deed, Teller } from './deeds.ts'
import { isAhead, type Locks, noLocks, tellLock } from './lockDeeds.ts'
import { isFork } from './strace.ts'
import { pathsIn, type Use } from './tables.ts'

/** A look at a run's journal under its lock. */
interface Look {
  readonly description: number
  readonly run: number
  readonly deed: Deed
  /** The run’s end was seen to, whether marks were there to be cleared or not; the entry was removed. */
  clears: boolean
  removes: boolean
}

interface Claiming {
  readonly locks: Locks
  look: Look | null
  /** The look that came last, while nothing has been done since. */
  fruitless: Look | null
  entry: Use | null
  hasLooked: boolean
}

/** Of a process that takes names: `berth run`, `berth locks hold`, `berth janitor` (src/lock/claim.ts, startRun.ts, idle.ts). */
export function claimTeller(
  setting: Setting,
  teller: Teller,
  isWarm: (pid: number) => boolean,
): (use: Use) => void {
  const claiming: Claiming = {
    locks: noLocks(),
    look: null,
    fruitless: null,
    entry: null,
    hasLooked: false,
  }
  return (use) => {
    const before = teller.deeds.length
    if (closesAfterLook(use, claiming)) giveUp(claiming)
    tellLock(use, setting, claiming.locks, teller)
    tellOpenRuns(use, setting, claiming, teller)
    tellLook(use, setting, claiming, teller)
    tellEntry(use, setting, claiming, teller)
    tellAhead(use, claiming, teller, isWarm)
    if (teller.deeds.length > before && claiming.fruitless?.deed !== teller.deeds.at(-1))
      claiming.fruitless = null
    if (claiming.locks.held.length === 0) claiming.hasLooked = false
  }
}

/** What its warm processes share; and their `go`. What is written for the wrapper of a dead run, before the own entry, is none. */
function tellAhead(use: Use, { locks }: Claiming, teller: Teller, isWarm: (pid: number) => boolean): void {
  if (isFork(use) && isWarm(use.result)) for (const lock of locks.held) lock.ahead = true
  const hasEntry = teller.deeds.some(({ says }) => says.source.startsWith('^adds the entry'))
  if (isAhead(locks) && hasEntry && use.name === 'write' && use.words.includes('cloneToken'))
    teller.tell('tells the wrapper of run \\d+ to go$', use)
}

/** Names are given up straight after a look: the run could not be cleaned. */
function closesAfterLook({ name, on }: Use, { fruitless, look, locks }: Claiming): boolean {
  return (
    fruitless !== null &&
    look === null &&
    name === 'close' &&
    locks.held.some((lock) => lock.description === on?.id)
  )
}

function giveUp(claiming: Claiming): void {
  const { fruitless, locks } = claiming
  if (fruitless === null) return
  locks.givesUp = true
  fruitless.deed.says = new RegExp(`^could not clean run ${fruitless.run}$`)
  claiming.fruitless = null
}

/** After all names are locked, compared, and their marks read. */
function tellOpenRuns({ on, ...use }: Use, { state }: Setting, claiming: Claiming, teller: Teller): void {
  if (use.name !== 'getdents64' || on?.path !== join(state, 'open') || claiming.hasLooked) return
  const { held } = claiming.locks
  if (held.length === 0 || !held.every(({ looked }) => looked.read)) return
  claiming.hasLooked = true
  teller.tell('looks at open runs$', use)
}

function tellLook(use: Use, setting: Setting, claiming: Claiming, teller: Teller): void {
  const run = use.on === null ? -1 : runOf(setting, use.on.path, 'journal.ndjson')
  if (use.name === 'flock' && run >= 0) begin(use, run, claiming, teller)
  else if (use.name === 'close' && claiming.look?.description === use.on?.id) end(use, claiming, teller)
  else if (claiming.look !== null && endsRun(use, setting)) claiming.look.clears = true
}

/** The result comes first, if only to find that it is there. */
function endsRun(use: Use, setting: Setting): boolean {
  return use.name === 'link' && runOf(setting, pathsIn(use)[1] ?? '', 'result.json') >= 0
}

function begin(use: Use, run: number, claiming: Claiming, teller: Teller): void {
  if (use.result !== 0) {
    teller.tell(`meets somebody who conducts run ${run}$`, use)
    claiming.locks.givesUp = true
    return
  }
  const deed = teller.tell(`finds run ${run} (not )?torn down$`, use)
  claiming.look = { description: use.on?.id ?? -1, run, deed, clears: false, removes: false }
  claiming.locks.clears = run
}

function end(use: Use, claiming: Claiming, teller: Teller): void {
  const { look } = claiming
  claiming.look = null
  claiming.locks.clears = null
  if (look === null) return
  if (look.clears && !look.removes) teller.tell(`leaves the entry of run ${look.run}$`, use)
  else teller.stretch(use)
  claiming.fruitless = look.clears || look.removes ? null : look
}

function tellEntry(use: Use, setting: Setting, claiming: Claiming, teller: Teller): void {
  const [path = '', to = ''] = pathsIn(use)
  if (use.name === 'link' && runOf(setting, to, 'stop.json') >= 0) teller.tell('writes stop.json$', use)
  else if (use.name === 'rename' && runOfEntry(setting, to) >= 0) claiming.entry = use
  else if (use.name === 'fsync' && use.on?.path === join(setting.state, 'open') && claiming.entry !== null) {
    const run = runOfEntry(setting, pathsIn(claiming.entry)[1] ?? '')
    teller.tell(`adds the entry of run ${run}$`, use, claiming.entry)
    claiming.entry = null
  } else if (use.name === 'unlink' && runOfEntry(setting, path) >= 0) {
    if (claiming.look !== null) claiming.look.removes = true
    teller.tell(`removes the entry of run ${runOfEntry(setting, path)}$`, use)
  }
}
