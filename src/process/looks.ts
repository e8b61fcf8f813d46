import { lstatSync, type Stats } from 'node:fs'
import { EMPTY_JOURNAL } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import type { FolderLook } from '../queue/ports.ts'
import { hasRunFolder, type RunPaths, readRequest, runPaths } from '../store/runFolder.ts'
import { lookAtProgress } from '../store/runLook.ts'
import type { StatePaths } from '../store/stateFolder.ts'

/** What runs' folders say. */
export interface Looks {
  /** Of a run that is kept the very same object as before while nothing has happened to its files. */
  readonly at: (runId: string) => FolderLook
  /** Names in its request, which is written once. @throws HarnessError RUN_FOLDER */
  readonly names: (runId: string) => readonly Name[]
  /** Whoever follows a run asks several times a second: what was read is kept until this ends, and read again when its files are not as they were. */
  readonly keep: (runId: string) => Disposable
}

interface Kept {
  readonly run: RunPaths
  /** As of the last look; null = nothing is known. */
  known: Known | null
}

interface Known {
  /** The journal's state before it was read. */
  readonly journal: Stats
  readonly look: FolderLook
  names: readonly Name[] | null
}

export function createLooks(state: StatePaths): Looks {
  const kept = new Map<string, Kept>()
  return {
    at(id) {
      const one = kept.get(id)
      return one === undefined ? lookAt(runPaths(state, id)).look : keptLook(one)
    },
    names(id) {
      const known = kept.get(id)?.known ?? null
      const names = known?.names ?? readRequest(runPaths(state, id)).names
      if (known !== null) known.names = names
      return names
    },
    keep(id) {
      kept.set(id, { run: runPaths(state, id), known: null })
      return { [Symbol.dispose]: () => void kept.delete(id) }
    },
  }
}

/** A journal has no line more without having more bytes, or another time of change; what is written after the kernel was asked is met by the next look. */
function keptLook(one: Kept): FolderLook {
  const { run, known } = one
  const [journal, result] = [run.journal, run.result].map((path) =>
    lstatSync(path, { throwIfNoEntry: false }),
  )
  const isRunning = journal?.isFile() === true && result === undefined
  if (isRunning && known !== null && isUnchanged(known.journal, journal)) return known.look
  const { look, isWhole } = lookAt(run)
  one.known = isRunning && isWhole ? { journal, look, names: null } : null
  return look
}

function isUnchanged(before: Stats, now: Stats): boolean {
  return (
    before.ino === now.ino &&
    before.size === now.size &&
    before.mtimeMs === now.mtimeMs &&
    before.ctimeMs === now.ctimeMs
  )
}

/** What could not be read, for want of descriptors perhaps, may be readable at the next look. */
function lookAt(run: RunPaths): { readonly look: FolderLook; readonly isWhole: boolean } {
  if (!hasRunFolder(run))
    return { look: { exists: false, journal: EMPTY_JOURNAL, result: null }, isWhole: false }
  const faults: string[] = []
  const progress = lookAtProgress(run, faults)
  return { look: { exists: true, ...progress }, isWhole: faults.length === 0 }
}
