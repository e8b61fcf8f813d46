import type { Commands } from './cast.ts'
import type { Call, Trace } from './strace.ts'
import { changed, isLine, lockStat, movedAfter, of, onLock, without } from './tamper.ts'
import type { Tampering } from './tamperings.ts'

/** Of the run of this place, whose processes were started ahead of its locks and conduct it. */
function goTamperings(place: number): Readonly<Record<string, Tampering>> {
  const starter = ({ starters }: Commands, which: (call: Call) => boolean) => of(starters[place], which)
  return {
    'a lock that was opened ahead not compared': {
      tamper: (trace, commands) => without(trace, starter(commands, lockStat)),
      says: /comparesAhead.*: .*looks at open runs/,
    },
    'told to go before the mark is on disk': {
      tamper: (trace, commands) =>
        movedAfter(trace, starter(commands, onLock('fsync')), starter(commands, isGo)),
      says: /marks.*: .*tells the wrapper/,
    },
    'not waited for the word to go': {
      tamper: (trace, commands) => {
        const from = trace.calls.findLast(starter(commands, onLock('pwrite64')))?.from ?? 0
        return changed(trace, opensLast(trace), { from, to: from })
      },
      says: new RegExp(`waitsForGo.*: .*starts the run process of run ${place}`),
    },
  }
}

export const OF_WARM_RUNS: Readonly<Record<string, Tampering>> = {
  ...goTamperings(2),
  'processes that do not end with their starter': {
    tamper: (trace, { starters: [, pid] }) => ({
      ...trace,
      lives: new Map(
        [...trace.lives].map(([one, life]) => [one, one === pid ? { ...life, end: null } : life]),
      ),
    }),
    says: /waitsForGo.*: its end/,
  },
}

/** The first run of the first service is launched as ever. */
export const OF_TWO_SERVICES: Readonly<Record<string, Tampering>> = {
  ...goTamperings(1),
  'a service that does not compare': {
    tamper: (trace, { starters: [pid] }) => without(trace, of(pid, lockStat)),
    says: /compares.*: .*looks at open runs/,
  },
  'a service that does not flush its mark': {
    tamper: (trace, { starters: [pid] }) => without(trace, of(pid, onLock('fsync'))),
    says: /marks.*: .*launches the wrapper/,
  },
}

export const OF_TWO_RECOVERERS: Readonly<Record<string, Tampering>> = {
  'both conduct it': {
    tamper: (trace, { starters: [, , pid] }) =>
      changed(trace, (call) => of(pid, onJournal)(call) && call.result !== 0, { result: 0 }),
    says: /settles.*: .*(finds|could not clean) run 0/,
  },
}

function isGo({ name, words }: Call): boolean {
  return name === 'write' && words.includes('cloneToken')
}

/** The run process that began last opens its journal. */
function opensLast({ calls }: Trace): (call: Call) => boolean {
  const last = calls.findLast(isLine('process.started'))
  const opens = calls.find(
    ({ pid, name, words }) => pid === last?.pid && name === 'openat' && words.includes('/journal.ndjson'),
  )
  return (call) => call === opens
}

function onJournal({ name, words }: Call): boolean {
  return name === 'flock' && words.includes('journal.ndjson')
}
