import { join } from 'node:path'
import { formatMark, type Mark, type MarkState, parseMark } from '../model/mark.ts'
import { readIfThere, removeIfThere, replaceFile, syncFolder } from '../store/durable.ts'
import { entriesOf, type StatePaths } from '../store/stateFolder.ts'

/** Runs that are not yet cleaned, oldest first. An entry that cannot be read stands for its run with no names. */
export function openRuns(paths: StatePaths): readonly Mark[] {
  return entriesOf(paths.open)
    .filter((entry) => !entry.startsWith('.'))
    .flatMap((run) => openRun(paths, run) ?? [])
}

/** One run's entry, or null when it is gone. */
export function openRun(paths: StatePaths, run: string): Mark | null {
  const mark = entryAt(join(paths.open, run))
  return typeof mark === 'string' ? { run, locks: [], since: 0 } : mark
}

function entryAt(path: string): MarkState | null {
  try {
    const text = readIfThere(path)
    return text === null ? null : parseMark(text)
  } catch {
    return 'unreadable'
  }
}

/** Notes the run as open, on disk when it returns; comes before its marks. */
export function addOpenRun(paths: StatePaths, mark: Mark): void {
  replaceFile(join(paths.open, mark.run), formatMark(mark))
}

/** Ends the run's entry; comes after its marks are cleared. */
export function removeOpenRun(paths: StatePaths, run: string): void {
  removeIfThere(join(paths.open, run))
  syncFolder(paths.open)
}
