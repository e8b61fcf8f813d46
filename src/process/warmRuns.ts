import type { WarmProcesses } from '../lock/claimWarm.ts'
import { closeAll, type Held } from '../lock/nameLocks.ts'
import { openNames } from '../lock/openedNames.ts'
import { isNearItsEnd } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import { runPaths } from '../store/runFolder.ts'
import { lookAtRun } from '../store/runLook.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { launchWarm, type WarmWrapper } from './launch.ts'

/** A run that waits, by what it is started with. */
export interface WaitingRun {
  readonly id: string
  readonly names: readonly Name[]
  /** The names, each time with another user for the stages. */
  readonly variants: readonly (readonly Name[])[]
  readonly foreground: boolean
}

/**
 * Processes of waiting runs, started ahead of their locks (R-LCK-17): the start of a process is most of what a hand-over takes. A run has them
 * once at most: what they were started with may not fit when its turn comes, and then it starts as ever.
 */
export interface WarmRuns {
  /** Starts them when the run in the way is near its end. Never throws: without them the run only starts later. */
  readonly prepare: (waiting: WaitingRun, inTheWay: string | null) => Promise<void>
  /** For a claim of one of these variants; processes that were started with other names, of a user who is not among them any more, end. */
  readonly of: (runId: string, variants: readonly (readonly Name[])[]) => WarmProcesses | null
  /** Those that the claimed locks belong to, if any: from here on they are the caller's, to be told or to be ended. */
  readonly take: (runId: string, claimed: Held) => WarmWrapper | null
  /** The run does not want its names any more. */
  readonly leave: (runId: string) => void
}

interface Warm extends WarmProcesses {
  readonly wrapper: WarmWrapper
}

/** @param most so many runs at a time: each is a Node process that waits */
export function createWarmRuns(state: StatePaths, most: () => number): WarmRuns {
  const had = new Set<string>()
  const warms = new Map<string, Warm>()
  let starting = 0

  async function start(waiting: WaitingRun, variant: readonly Name[]): Promise<void> {
    const warm = await startWarm(state, waiting, variant, () => warms.delete(waiting.id))
    if (had.has(waiting.id)) warms.set(waiting.id, warm)
    else abandon(warm)
  }

  function takeOut(runId: string): Warm | null {
    const warm = warms.get(runId) ?? null
    warms.delete(runId)
    had.delete(runId)
    return warm
  }

  function leave(runId: string): void {
    const warm = takeOut(runId)
    if (warm !== null) abandon(warm)
  }

  return {
    async prepare(waiting, inTheWay) {
      if (inTheWay === null || had.has(waiting.id) || warms.size + starting >= most()) return
      const holder = nearItsEnd(state, inTheWay)
      const variant = holder === null ? undefined : variantAfter(holder, waiting)
      if (variant === undefined) return
      had.add(waiting.id)
      starting += 1
      await start(waiting, variant)
        .catch(() => undefined)
        .finally(() => (starting -= 1))
    },
    of(runId, variants) {
      const warm = warms.get(runId)
      if (warm !== undefined && !isStartedFor(variants, warm)) leave(runId)
      return warms.get(runId) ?? null
    },
    take(runId, claimed) {
      const warm = takeOut(runId)
      if (warm === null || warm.opened.fds === claimed.fds) return warm?.wrapper ?? null
      abandon(warm)
      return null
    },
    leave,
  }
}

/** The names of a run that is in its last stage, or past it; null = it is not, or cannot be read. */
function nearItsEnd(state: StatePaths, runId: string): readonly Name[] | null {
  const { journal, request } = lookAtRun(runPaths(state, runId))
  return isNearItsEnd(journal) ? (request?.names ?? null) : null
}

/**
 * The user of the stages that will be free is that of the run in the way. One that has none, or one that stages here do not run as any more, tells
 * of no user: then nothing is started ahead, since names without a user would have the stages run as ourselves.
 */
function variantAfter(holder: readonly Name[], { names, variants }: WaitingRun): readonly Name[] | undefined {
  return variants.find((one) => one.every((name) => names.includes(name) || holder.includes(name)))
}

async function startWarm(
  state: StatePaths,
  { id, foreground }: WaitingRun,
  variant: readonly Name[],
  over: () => void,
): Promise<Warm> {
  const opened = openNames(state, variant)
  try {
    const wrapper = await launchWarm({ state, run: runPaths(state, id), ...opened, foreground })
    wrapper.child.unref()
    const end = () => {
      over()
      return wrapper.end()
    }
    return { opened, wrapper, end }
  } catch (error) {
    closeAll(opened.fds)
    throw error
  }
}

function isStartedFor(variants: readonly (readonly Name[])[], { opened }: Warm): boolean {
  return variants.some((names) => names.join() === opened.names.join())
}

function abandon({ opened, wrapper }: Warm): void {
  closeAll(opened.fds)
  void wrapper.end()
}
