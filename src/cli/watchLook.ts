import { existsSync } from 'node:fs'
import { deadRuns } from '../lock/deadRuns.ts'
import { lookAtNames } from '../lock/look.ts'
import type { Journal } from '../model/journal.ts'
import type { RunRow, Store } from '../model/ports.ts'
import { hasRunFolder, runPaths } from '../store/runFolder.ts'
import { lookAtRun } from '../store/runLook.ts'
import { openStore } from '../store/sqlite.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { isIdle, type Lane, lanesOf } from '../web/lanes.ts'

/** A run that has a name, as its folder tells. */
export interface LaneRun {
  readonly recipe: string
  /** What it is at, such as a stage's name. */
  readonly at: string
}

/** All that `berth watch` shows, of one moment. */
export interface WatchLook {
  /** Of names that somebody has, wants, or has left something at. */
  readonly lanes: readonly Lane[]
  readonly runs: ReadonlyMap<string, LaneRun>
  readonly live: readonly RunRow[]
  /** In claim order. */
  readonly queued: readonly RunRow[]
}

export interface Watcher extends AsyncDisposable {
  readonly look: () => Promise<WatchLook>
  /** How a run ended, for people; null = it has not. */
  readonly endOf: (id: string) => string | null
}

/** Reads what `berth locks` and `berth queue` read; the service's records from when there are any. */
export function watcher(state: StatePaths): Watcher {
  let store: Store | null = null
  return {
    async look() {
      if (store === null && existsSync(state.database)) store = await openStore(state.database)
      const [live, queued] = store === null ? [[], []] : [await store.live(), await store.queued()]
      const lanes = lanesOf(lookAtNames(state), queued).filter((lane) => !isIdle(lane))
      return { lanes, runs: runsOf(state, lanes), live, queued }
    },
    endOf(id) {
      const run = runPaths(state, id)
      const result = hasRunFolder(run) ? lookAtRun(run).result : null
      return result === null ? null : `${result.conclusion}: ${result.title}`
    },
    async [Symbol.asyncDispose]() {
      await store?.close()
    },
  }
}

function runsOf(state: StatePaths, lanes: readonly Lane[]): ReadonlyMap<string, LaneRun> {
  const ids = new Set(lanes.flatMap(({ run }) => (run === null ? [] : [run])))
  const looks = [...ids]
    .map((id) => runPaths(state, id))
    .filter(hasRunFolder)
    .map(lookAtRun)
  const suspects = looks.flatMap(({ run, request }) =>
    request === null ? [] : [{ id: run.id, names: request.names }],
  )
  const dead = deadRuns(state, suspects)
  return new Map(
    looks.map(({ run, request, journal }) => [
      run.id,
      { recipe: request?.recipe ?? '?', at: dead.has(run.id) ? 'dead' : atOf(journal) },
    ]),
  )
}

function atOf({ verdict, teardownStarted, stages, kept, planned }: Journal): string {
  if (verdict !== null) return verdict.conclusion
  if (teardownStarted) return 'teardown'
  if (kept) return 'kept for inspection'
  return stages.find(({ outcome }) => outcome === null)?.name ?? (planned === null ? 'checkout' : '')
}
