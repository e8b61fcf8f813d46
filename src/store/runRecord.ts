import type { EntryBody } from '../model/journal.ts'
import { type JournalFile, withUnwritten } from './journalFile.ts'
import { giveUpPiece } from './reserve.ts'
import type { RunPaths } from './runFolder.ts'

/** A run's journal for the process that conducts it. */
export interface RunRecord {
  readonly journal: JournalFile['journal']
  /** False = some of it is in memory only: the run's marks must stay. */
  readonly complete: boolean
  readonly append: (body: EntryBody) => void
  readonly note: (body: EntryBody) => void
}

/**
 * Lines of teardown and end are written from the run's reserve when the disk is full, piece by piece, and kept in memory when not even that
 * helps.
 */
export function runRecord(file: JournalFile, run: RunPaths): RunRecord {
  let unwritten: readonly EntryBody[] = []
  const append = (body: EntryBody) => {
    if (unwritten.length > 0) throw new Error('earlier lines of the journal could not be written')
    file.append(body)
  }
  return {
    get journal() {
      return unwritten.reduce(withUnwritten, file.journal)
    },
    get complete() {
      return unwritten.length === 0
    },
    append,
    note(body) {
      if (tried(() => append(body))) return
      while (giveUpPiece(run.reserve)) if (tried(() => append(body))) return
      unwritten = [...unwritten, body]
    },
  }
}

function tried(act: () => void): boolean {
  try {
    act()
    return true
  } catch {
    return false
  }
}
