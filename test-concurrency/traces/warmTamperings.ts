import type { Call, Trace } from './strace.ts'
import { changed, isLine, lockStat, movedAfter, of, onLock, without } from './tamper.ts'
import type { Tampering } from './tamperings.ts'

/** Of the third run: its processes conduct it. */
export const OF_WARM_RUNS: Readonly<Record<string, Tampering>> = {
  'a lock that was opened ahead not compared': {
    tamper: (trace, { starters: [, , pid] }) => without(trace, of(pid, lockStat)),
    says: /comparesAhead.*: .*looks at open runs/,
  },
  'told to go before the mark is on disk': {
    tamper: (trace, { starters: [, , pid] }) => movedAfter(trace, of(pid, onLock('fsync')), of(pid, isGo)),
    says: /marks.*: .*tells the wrapper/,
  },
  'not waited for the word to go': {
    tamper: (trace, { starters: [, , pid] }) => {
      const from = trace.calls.findLast(of(pid, onLock('pwrite64')))?.from ?? 0
      return changed(trace, opensLast(trace), { from, to: from })
    },
    says: /waitsForGo.*: .*starts the run process of run 2/,
  },
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
