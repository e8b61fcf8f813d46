import { nameOfLock, type Setting } from './cast.ts'
import type { Deed, Teller } from './deeds.ts'
import { pathsIn, type Use } from './tables.ts'

/** A lock file that the process has opened for locking. */
interface OpenLock {
  readonly description: number
  readonly name: number
  place: 'opened' | 'locked' | 'compared' | 'replaced'
  inode: string
  /** It was compared, and its mark read, since the last thing that was said. */
  looked: { compared: boolean; read: boolean }
  /** Processes that were started ahead of it share it. */
  ahead: boolean
}

export interface Locks {
  readonly held: OpenLock[]
  /** Under which run's lock marks are cleared; null = none. */
  clears: number | null
  /** Has it given up what it wanted: what it closes now is no deed of its own. */
  givesUp: boolean
  closing: Deed | null
  /** Its mark, written and not flushed yet. */
  unflushed: { readonly use: Use; readonly says: string } | null
}

export function noLocks(): Locks {
  return { held: [], clears: null, givesUp: false, closing: null, unflushed: null }
}

export function adopt(locks: Locks, setting: Setting, has: Use['has']): void {
  for (const { id, path } of has.values()) {
    const name = nameOfLock(setting, path)
    if (name >= 0 && !locks.held.some(({ description }) => description === id))
      locks.held.push(openLock(id, name, 'compared'))
  }
}

/** What calls on lock files and their paths mean. */
export function tellLock(use: Use, setting: Setting, locks: Locks, teller: Teller): void {
  const path = pathsIn(use)[0] ?? ''
  const lock = use.on === null ? undefined : locks.held.find(({ description }) => description === use.on?.id)
  if (use.name === 'openat') tellOpen(use, nameOfLock(setting, path), locks, teller)
  else if (use.name === 'flock' && lock !== undefined) tellFlock(use, lock, locks, teller)
  else if (isStat(use)) tellStat(use, lock, nameOfLock(setting, path), locks, teller)
  else if (use.name === 'unlink' && nameOfLock(setting, path) >= 0)
    teller.tell(`unlinks name ${nameOfLock(setting, path)}$`, use)
  else if (lock !== undefined) tellContent(use, lock, setting, locks, teller)
}

function openLock(description: number, name: number, place: OpenLock['place']): OpenLock {
  return { description, name, place, inode: '', looked: { compared: false, read: false }, ahead: false }
}

function tellOpen({ on, ...use }: Use, name: number, locks: Locks, teller: Teller): void {
  if (name < 0 || on === null || !on.flags.includes('O_RDWR')) return
  locks.held.push(openLock(on.id, name, 'opened'))
  teller.tell(`opens name ${name}( ahead)?$`, use)
}

function tellFlock(use: Use, lock: OpenLock, locks: Locks, teller: Teller): void {
  if (use.result === 0 && lock.place === 'opened') {
    lock.place = 'locked'
    teller.tell(`locks name ${lock.name}$`, use)
  } else if (use.result !== 0 && isAhead(locks)) waitsOn(lock, locks, teller)
  else if (use.result !== 0) {
    locks.givesUp = true
    teller.tell(`finds name ${lock.name} locked$`, use)
  }
}

export function isAhead({ held }: Locks): boolean {
  return held.some(({ ahead }) => ahead)
}

/** The first lock is busy, and its processes wait on. It may have been opened once more, before they were known: nobody else can notice that. */
function waitsOn(lock: OpenLock, locks: Locks, teller: Teller): void {
  if (lock.ahead) return
  teller.deeds.pop()
  locks.held.splice(locks.held.indexOf(lock), 1)
}

export function isStat({ name }: Use): boolean {
  return name === 'statx' || name.endsWith('stat') || name === 'newfstatat'
}

/** First the descriptor, then the path. */
function tellStat(use: Use, lock: OpenLock | undefined, name: number, locks: Locks, teller: Teller): void {
  const inode = /st[x]?_ino=(\d+)/.exec(use.words)?.[1] ?? ''
  if (lock !== undefined && (pathsIn(use)[0] ?? '') === '') {
    lock.inode = inode
    return
  }
  const compared = locks.held.find((one) => one.name === name && one.inode !== '' && one.place !== 'replaced')
  if (compared === undefined) return
  const isSame = compared.inode === inode
  compared.inode = ''
  compared.looked.compared = isSame
  if (compared.place !== 'locked') return
  compared.place = isSame ? 'compared' : 'replaced'
  const found = isSame ? 'still' : 'another file is'
  teller.tell(`compares: ${found} at name ${name}$`, use)
}

function tellContent(use: Use, lock: OpenLock, { runs }: Setting, locks: Locks, teller: Teller): void {
  if (use.name === 'pread64') lock.looked.read = true
  else if (use.name === 'pwrite64') {
    const run = runs.findIndex((id) => use.words.includes(id))
    locks.unflushed = { use, says: `marks name ${lock.name} with run ${run}$` }
  } else if (use.name === 'ftruncate' && locks.clears !== null) {
    const isSeen = lock.looked.compared && lock.looked.read
    const what = isSeen ? 'the' : 'an unseen'
    locks.unflushed = { use, says: `clears ${what} mark of run ${locks.clears} at name ${lock.name}$` }
    lock.looked = { compared: false, read: false }
  } else if (use.name === 'ftruncate') locks.unflushed = { use, says: `empties name ${lock.name}$` }
  else if (use.name === 'fsync' && locks.unflushed !== null) {
    teller.tell(locks.unflushed.says, use, locks.unflushed.use)
    locks.unflushed = null
  } else if (use.name === 'close') tellClose(use, lock, locks, teller)
}

function tellClose(use: Use, lock: OpenLock, locks: Locks, teller: Teller): void {
  locks.held.splice(locks.held.indexOf(lock), 1)
  if (locks.unflushed !== null)
    teller.tell(`leaves name ${lock.name} as it is, unflushed$`, use, locks.unflushed.use)
  if (lock.place === 'replaced' || locks.givesUp) teller.stretch(use)
  else if (locks.closing !== null) locks.closing.to = use.to
  else
    locks.closing = teller.tell(/^(closes|ends with 0|finds run \d+ there|finds that somebody waits)$/, use)
  if (locks.held.length > 0) return
  locks.givesUp = false
  locks.closing = null
}
