import type { Name } from '../model/names.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { type Claim, type Recoverer, runOfMark } from './claim.ts'
import { claimTurn, type WarmProcesses } from './claimWarm.ts'
import { dropTicket, hasWaiters, isFirst, type Ticket, takeTicket } from './tickets.ts'

/** The service's places among the waiters of names: one ticket for each run that is the first of its own queue and has met somebody else. */
export interface Turns {
  /** Claims the names if it is the run's turn; else the run gets a place, and keeps it until it has the names or leaves. */
  readonly take: (
    runId: string,
    names: readonly Name[],
    variants: readonly (readonly Name[])[],
    recoverer: Recoverer,
    warm: WarmProcesses | null,
  ) => Promise<Claim>
  /** Nobody who waits for its names is ahead of the run; it has a place. */
  readonly isNext: (runId: string) => boolean
  readonly leave: (runId: string) => void
}

export function createTurns(paths: StatePaths): Turns {
  const tickets = new Map<string, Ticket>()

  function leave(runId: string): void {
    const ticket = tickets.get(runId)
    if (ticket !== undefined) dropTicket(paths, ticket)
    tickets.delete(runId)
  }

  function mayTry(runId: string, names: readonly Name[]): boolean {
    const ticket = tickets.get(runId)
    return ticket === undefined ? !names.some((name) => hasWaiters(paths, name)) : isFirst(paths, ticket)
  }

  return {
    async take(runId, names, variants, recoverer, warm) {
      const [name = ''] = names
      const claimed = mayTry(runId, names)
        ? await claimTurn(paths, names, variants, recoverer, warm)
        : { kind: 'busy' as const, name, run: runOfMark(paths, name) }
      if (claimed.kind === 'held') leave(runId)
      else if (!tickets.has(runId)) tickets.set(runId, takeTicket(paths, names, `run ${runId} (service)`))
      return claimed
    },
    isNext(runId) {
      const ticket = tickets.get(runId)
      return ticket !== undefined && isFirst(paths, ticket)
    },
    leave,
  }
}
