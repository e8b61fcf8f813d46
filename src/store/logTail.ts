import { closeSync, openSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Journal } from '../model/journal.ts'
import { stageLogName, TEARDOWN_LOG } from '../model/stageLog.ts'
import type { RunPaths } from './runFolder.ts'

/** The log that explains a run best: of its first stage that is not green, else of its last one; the teardown's where that failed. */
export function tellingLog(run: RunPaths, journal: Journal): string {
  const red = journal.stages.findIndex((stage) => stage.outcome !== 'success')
  const index = red < 0 ? journal.stages.length - 1 : red
  const stage = journal.stages[index]
  const name =
    stage === undefined || (red < 0 && journal.teardown?.verified === false)
      ? TEARDOWN_LOG
      : stageLogName(index, stage.name)
  return join(run.stages, name)
}

/** The last bytes of a file as text; empty where there is none. */
export function tailOfFile(path: string, mostBytes: number): string {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0
  if (size === 0) return ''
  const bytes = Buffer.alloc(Math.min(size, mostBytes))
  const fd = openSync(path, 'r')
  try {
    const length = readSync(fd, bytes, 0, bytes.length, size - bytes.length)
    return bytes.toString('utf8', 0, length)
  } finally {
    closeSync(fd)
  }
}
