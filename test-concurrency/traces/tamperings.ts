import type { Commands } from './cast.ts'
import { type Call, isFork, type Trace } from './strace.ts'
import {
  changed,
  closedAfter,
  isLine,
  lockStat,
  movedAfter,
  movedBefore,
  of,
  onLock,
  without,
} from './tamper.ts'

/** What might have happened without a rule, and what the model then says of it. */
export interface Tampering {
  readonly tamper: (trace: Trace, commands: Commands) => Trace
  readonly says: RegExp
  /** Of the replay of the tickets, not of the locks. */
  readonly isOfTickets?: true
}

const OPEN_FOLDER = /^\d+<[^>]*\/state\/open>/

function entryMoves(call: Call): boolean {
  return call.name === 'rename' && /\/state\/open\/[^.]/.test(call.words)
}

/** The fork of the wrapper: the last one of the starter. */
function launch({ calls }: Trace, pid: number | undefined): (call: Call) => boolean {
  const last = calls.findLast((call) => call.pid === pid && isFork(call))
  return (call) => call === last
}

/** The fork of the run process. */
function wrapperForks(call: Call, place: number, calls: readonly Call[]): boolean {
  const isWrapper = ({ pid, name, words }: Call) =>
    pid === call.pid && name === 'execve' && words.includes('/run-wrapper"')
  return isFork(call) && calls.slice(0, place).some(isWrapper)
}

export const OF_A_RUN: Readonly<Record<string, Tampering>> = {
  'the compare after the lock left out': {
    tamper: (trace, { starters: [pid] }) => without(trace, of(pid, lockStat)),
    says: /compares.*: .*looks at open runs/,
  },
  'the compare before the lock': {
    tamper: (trace, { starters: [pid] }) => movedAfter(trace, of(pid, onLock('flock')), of(pid, lockStat)),
    says: /compares.*: .*looks at open runs/,
  },
  'another file at the path, and used all the same': {
    tamper: (trace, { starters: [pid] }) => changed(trace, of(pid, lockStat), { words: 'AT_FDCWD, "gone"' }),
    says: /compares.*: /,
  },
  'no look at the mark': {
    tamper: (trace, { starters: [pid] }) => without(trace, of(pid, onLock('pread64'))),
    says: /looksAtOpenRuns.*: .*adds the entry/,
  },
  'no look at open runs': {
    tamper: (trace, { starters: [pid] }) =>
      without(
        trace,
        of(pid, ({ name, words }) => name === 'getdents64' && OPEN_FOLDER.test(words)),
      ),
    says: /looksAtOpenRuns.*: .*adds the entry/,
  },
  'no entry in open/': {
    tamper: (trace, { starters: [pid] }) => without(trace, of(pid, entryMoves)),
    says: /adds its entry.*: .*marks name/,
  },
  'the entry not flushed': {
    tamper: (trace, { starters: [pid] }) =>
      without(
        trace,
        of(pid, ({ name, words }) => name === 'fsync' && OPEN_FOLDER.test(words)),
      ),
    says: /adds its entry.*: .*marks name/,
  },
  'the mark not flushed': {
    tamper: (trace, { starters: [pid] }) => without(trace, of(pid, onLock('fsync'))),
    says: /marks.*: .*launches the wrapper/,
  },
  'the mark after the launch': {
    tamper: (trace, { starters: [pid] }) =>
      movedAfter(
        trace,
        of(pid, (call) => onLock('pwrite64')(call) || onLock('fsync')(call)),
        launch(trace, pid),
      ),
    says: /marks.*: .*launches the wrapper/,
  },
  'the wrapper launched without the lock': {
    tamper: (trace) =>
      without(trace, ({ name, words }) => name === 'dup2' && /^\d+<[^>]*\/locks\/[^>]*>, 3/.test(words)),
    says: /launches the wrapper/,
  },
  'the starter’s own lock given up before the launch': {
    tamper: (trace, { starters: [pid] }) => movedBefore(trace, of(pid, onLock('close')), launch(trace, pid)),
    says: /launches.*: .*closes/,
  },
  'a wrapper that gives up its copy of the lock': {
    tamper: (trace) => closedAfter(trace, wrapperForks, '3'),
    says: /waits.*: .*closes/,
  },
  'a run process that gives up its copy of the lock before its teardown is verified': {
    tamper: (trace) => closedAfter(trace, isLine('teardown.started'), '3'),
    says: /tearsDown.*: .*closes/,
  },
  'no run lock': {
    tamper: (trace) =>
      without(trace, ({ name, words }) => name === 'flock' && words.includes('journal.ndjson')),
    says: /takesRunLock.*: .*without the run lock/,
  },
  'a stage that has the lock': {
    tamper: (trace) =>
      without(trace, ({ name, words }) => name === 'fcntl' && /^3<[^>]*\/locks\/.*FD_CLOEXEC/.test(words)),
    says: /lets a program have the lock of name 0/,
  },
  'the mark cleared before the teardown is verified': {
    tamper: (trace) =>
      movedBefore(
        trace,
        (call) => onLock('ftruncate')(call) && call.words.endsWith(', 0') && isCleared(trace, call),
        isLine('teardown.ended'),
      ),
    says: /empties name 0/,
  },
  'the teardown not verified, and the mark cleared': {
    tamper: (trace) => without(trace, isLine('teardown.ended')),
    says: /verifies.*: /,
  },
  'the entry removed before the mark': {
    tamper: (trace) =>
      movedBefore(
        trace,
        ({ name, words }) => name === 'unlink' && /\/state\/open\/[^.]/.test(words),
        (call) => isCleared(trace, call),
      ),
    says: /clears.*: .*removes the entry/,
  },
}

/** The last truncation of a lock file: the run's own. */
function isCleared({ calls }: Trace, call: Call): boolean {
  return call === calls.findLast(onLock('ftruncate'))
}

function unlinksLock({ name, words }: Call): boolean {
  return name === 'unlink' && words.includes('/locks/')
}

export const OF_A_JANITOR: Readonly<Record<string, Tampering>> = {
  'a janitor that does not compare': {
    tamper: (trace, { janitors: [pid] }) => without(trace, of(pid, lockStat)),
    says: /compares.*: .*looks at open runs/,
  },
  'a janitor that does not lock': {
    tamper: (trace, { janitors: [pid] }) => without(trace, of(pid, onLock('flock'))),
    says: /locks.*: /,
  },
  'a janitor that closes, then unlinks': {
    tamper: (trace, { janitors: [pid] }) => movedAfter(trace, of(pid, unlinksLock), of(pid, isLockClose)),
    says: /unlinks.*: .*closes/,
  },
  'a janitor that unlinks without a look': {
    tamper: (trace, { janitors: [pid] }) => without(trace, of(pid, onLock('pread64'))),
    says: /looksAtOpenRuns.*: .*unlinks/,
  },
}

/** The janitor's last one. */
function isLockClose(call: Call): boolean {
  return call.name === 'close' && /\/locks\/.*\(deleted\)/.test(call.words)
}

export const OF_TWO_RUNS: Readonly<Record<string, Tampering>> = {
  'both have the lock': {
    tamper: (trace, { starters: [, pid] }) =>
      changed(trace, (call) => of(pid, onLock('flock'))(call) && call.result !== 0, { result: 0 }),
    says: /locks.*: .*locks name 0/,
  },
  'the first one’s deployment stands when the second one deploys': {
    tamper: (trace) =>
      without(trace, ({ name, words }) => name === 'unlinkat' && words.includes('AT_REMOVEDIR')),
    says: /tearsDown.*: .*journals a verified teardown/,
  },
}

export const OF_A_RECOVERY: Readonly<Record<string, Tampering>> = {
  'not asked to stop before the launch': {
    tamper: (trace) => without(trace, ({ name, words }) => name === 'link' && words.includes('/stop.json')),
    says: /asksToStop.*: .*launches the wrapper/,
  },
  'no look at the journal under its lock': {
    tamper: (trace, { starters: [, second], janitors: [janitor] }) =>
      without(
        trace,
        of(second ?? janitor, ({ name, words }) => name === 'flock' && words.includes('journal.ndjson')),
      ),
    says: /settles.*: .*writes stop.json/,
  },
  'the recovery without the locks': {
    tamper: (trace) =>
      without(trace, ({ name, words }) => name === 'dup2' && /^\d+<[^>]*\/locks\/[^>]*>, 3/.test(words)),
    says: /launches the wrapper/,
  },
}

/** Of a hold, a waiter that is killed, and the next one. */
export const OF_TICKETS: Readonly<Record<string, Tampering>> = {
  'a ticket that is shown before it is locked': {
    tamper: (trace, { acquirers: [pid] }) =>
      movedAfter(
        trace,
        of(pid, isOnTicket('flock')),
        of(pid, ({ name, words }) => name === 'rename' && TICKET.test(words)),
      ),
    says: /locks.*: .*compares its ticket/,
    isOfTickets: true,
  },
  'a ticket that is not compared': {
    tamper: (trace, { acquirers: [pid] }) =>
      without(
        trace,
        of(pid, ({ name, words }) => name === 'statx' && words.startsWith('AT_FDCWD') && TICKET.test(words)),
      ),
    says: /compares.*: .*shows its ticket/,
    isOfTickets: true,
  },
  'a dead ticket that is removed without its lock': {
    tamper: (trace, { acquirers: [, , pid] }) =>
      without(
        trace,
        (call, place, calls) => of(pid, isOnTicket('flock'))(call) && isRemovedNext(call, place, calls),
      ),
    says: /asks.*: .*removes an? unlocked ticket/,
    isOfTickets: true,
  },
  'a dead ticket that is not compared': {
    tamper: (trace, { acquirers: [, , pid] }) =>
      without(
        trace,
        of(pid, ({ name, words }) => name === 'statx' && /^AT_FDCWD.*tickets.*\/\d+-\d+"/.test(words)),
      ),
    says: /asks.*: .*unseen/,
    isOfTickets: true,
  },
  'a waiter that goes before a live one': {
    tamper: (trace, { acquirers: [, , pid] }) =>
      movedBefore(
        trace,
        of(pid, ({ name, words, result }) => name === 'unlink' && words.includes(`-${pid}"`) && result === 0),
        of(pid, (call) => isOnTicket('flock')(call) && call.result !== 0),
      ),
    says: /asks.*: .*removes its ticket/,
    isOfTickets: true,
  },
}

const TICKET = /\/tickets\//

function isOnTicket(name: string) {
  return (call: Call): boolean => call.name === name && /^\d+<[^>]*\/tickets\//.test(call.words)
}

/** Is the next thing that its process does to a ticket to remove it. */
function isRemovedNext(call: Call, place: number, calls: readonly Call[]): boolean {
  const next = calls
    .slice(place + 1)
    .find(({ pid, name }) => pid === call.pid && ['unlink', 'flock'].includes(name))
  return next?.name === 'unlink'
}
