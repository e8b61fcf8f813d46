import { type FSWatcher, watch } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Name } from '../model/names.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { type Claim, isHopeless, type Recoverer, runOfMark } from './claim.ts'
import { claimTurn, type WarmProcesses } from './claimWarm.ts'
import { letGo } from './nameLocks.ts'
import { dropTicket, isFirst, takeTicket } from './tickets.ts'

/** A killed or foreign holder gives no event: a free name is met so many milliseconds later at most. */
const LONGEST_LOOK_AWAY_MS = 500
/** A holder clears its mark a moment before it ends: looks come close together for a while after an event, and farther apart later. */
const FIRST_LOOK_MS = 2
const CLOSE_LOOKS = 100

export interface Wait {
  /** Who waits, for people and for `berth locks`. */
  readonly what: string
  /** How long at most; 0 = one look. */
  readonly forMs: number
  /** A waiter that is cancelled never acquires. */
  readonly signal: AbortSignal
  /** @param isNext nobody who waits is ahead */
  readonly waiting: (claim: Exclude<Claim, { readonly kind: 'held' }>, isNext: boolean) => void
  /** Processes that are to have the names, if any were started by now. */
  readonly warm?: () => WarmProcesses | null
}

/**
 * Claims the names when this waiter's turn has come: only the oldest live ticket of a name tries, and a waiter holds nothing but tickets.
 * @param variants the same names, each time with another user for the stages: the first that is free is taken
 * @returns the claim, or what stood in its way when the time was over or the wait was cancelled
 */
export async function claimInTurn(
  paths: StatePaths,
  names: readonly Name[],
  variants: readonly (readonly Name[])[],
  recoverer: Recoverer,
  wait: Wait,
): Promise<Claim> {
  const ticket = takeTicket(paths, names, wait.what)
  const end = performance.now() + wait.forMs
  using changes = watchLocks(paths)
  try {
    for (;;) {
      const isNext = isFirst(paths, ticket)
      const warm = wait.warm?.() ?? null
      const claimed = isNext
        ? await givenBackIf(wait.signal, warm, await claimTurn(paths, names, variants, recoverer, warm))
        : behind(paths, names)
      if (claimed.kind === 'held' || isHopeless(claimed)) return claimed
      if (wait.signal.aborted || performance.now() >= end) return claimed
      wait.waiting(claimed, isNext)
      await changes.next(end - performance.now(), wait.signal, isNext)
      if (wait.signal.aborted) return claimed
    }
  } finally {
    dropTicket(paths, ticket)
  }
}

/** A recovery takes its time: a waiter that was cancelled meanwhile does not keep what it got. */
async function givenBackIf(
  { aborted }: AbortSignal,
  warm: WarmProcesses | null,
  claimed: Claim,
): Promise<Claim> {
  if (claimed.kind !== 'held' || !aborted) return claimed
  letGo(claimed)
  if (warm?.opened.fds === claimed.fds) await warm.end()
  return { kind: 'busy', name: claimed.names[0] ?? '', run: null }
}

function behind(paths: StatePaths, [name = '']: readonly Name[]): Claim {
  return { kind: 'busy', name, run: runOfMark(paths, name) }
}

interface Changes extends Disposable {
  /** @param isNext the only one who looks so closely: the others would but keep the machine busy */
  readonly next: (mostMs: number, signal: AbortSignal, isNext: boolean) => Promise<void>
}

function watchLocks(paths: StatePaths): Changes {
  let pauseMs = FIRST_LOOK_MS
  let close = CLOSE_LOOKS
  let wake = (): void => undefined
  const changed = () => {
    pauseMs = FIRST_LOOK_MS
    close = CLOSE_LOOKS
    wake()
  }
  const watchers = [paths.locks, join(paths.locks, 'r:')].map((folder) => watchFolder(folder, changed))
  return {
    async next(mostMs, signal, isNext) {
      const early = new AbortController()
      wake = () => early.abort()
      const stop = () => early.abort()
      signal.addEventListener('abort', stop, { once: true })
      await pause(Math.max(1, Math.min(pauseMs, mostMs)), undefined, { signal: early.signal }).catch(
        () => undefined,
      )
      signal.removeEventListener('abort', stop)
      if (isNext && close > 0) close -= 1
      else pauseMs = Math.min(pauseMs * 2, LONGEST_LOOK_AWAY_MS)
    },
    [Symbol.dispose]() {
      for (const watcher of watchers) watcher?.close()
    },
  }
}

/** Without a watcher (no inotify instances left) the regular looks still come. */
function watchFolder(folder: string, changed: () => void): FSWatcher | null {
  try {
    return watch(folder, { persistent: false }, changed).on('error', () => undefined)
  } catch {
    return null
  }
}
