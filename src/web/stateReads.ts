import { deadRuns } from '../lock/deadRuns.ts'
import { lockedFiles } from '../lock/holders.ts'
import { lookAtNames } from '../lock/look.ts'
import { type Entry } from '../model/journal.ts'
import { journalEntries } from '../model/readJournal.ts'
import { conductorOf } from '../process/conductor.ts'
import { artifactFiles } from '../store/annotations/artifactFiles.ts'
import { annotationsOf } from '../store/annotations/file.ts'
import { readIfThere } from '../store/durable.ts'
import { hasRunFolder, runPaths } from '../store/runFolder.ts'
import { lookAtRun } from '../store/runLook.ts'
import { readScreenshot } from '../store/screenshots.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { lastSweeps } from '../store/sweeps.ts'
import { logNames, readLog } from './logFile.ts'
import type { Artefacts, StateReads } from './ports.ts'
import { LOOK_EVERY_MS, remembering } from './remembered.ts'

/** What the pages read of a state folder. */
export function stateReads(paths: StatePaths): StateReads {
  const locks = remembering(lockedFiles, LOOK_EVERY_MS, performance.now.bind(performance))
  return {
    names: () => lookAtNames(paths, locks.now),
    dead: (runs) => deadRuns(paths, runs, locks.lately),
    runLook(id) {
      const run = runPaths(paths, id)
      return hasRunFolder(run) ? lookAtRun(run) : null
    },
    conductor: conductorOf,
    journalEntries: (id) => readableEntries(runPaths(paths, id).journal),
    annotations: (id) => annotationsOf(runPaths(paths, id)),
    artefacts: (id) => artefactsIn(runPaths(paths, id).artifacts),
    logNames: (id) => logNames(runPaths(paths, id).stages),
    readLog: (id, log, fromByte, most) => readLog(runPaths(paths, id).stages, log, fromByte, most),
    screenshot: (id, stage) => readScreenshot(runPaths(paths, id), stage),
    lastSweeps: () => lastSweeps(paths),
  }
}

function readableEntries(journal: string): readonly Entry[] {
  try {
    return journalEntries(readIfThere(journal) ?? '')
  } catch {
    return []
  }
}

const MOST_ARTEFACTS = 200

function artefactsIn(folder: string): Artefacts {
  const faults: string[] = []
  const files = [
    ...artifactFiles(
      folder,
      MOST_ARTEFACTS,
      () => true,
      (fault) => faults.push(fault),
    ),
  ]
  return { files: files.map(({ name }) => name), faults }
}
