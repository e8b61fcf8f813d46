import { constants, opendirSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../../errors.ts'
import type { Journal } from '../../model/journal.ts'
import { stageLogName } from '../../model/stageLog.ts'
import { openedFile, readPart } from '../durable.ts'
import type { RunPaths } from '../runFolder.ts'

/** Of one stage's log; the log itself keeps less of a flood. */
export const MOST_LOG_BYTES = 16 * 1024 * 1024

/** At the beginning of a line, as a workflow command is. */
const COMMAND = /^[ \t]*::/m

/**
 * Whether the stages may have said something of files: most say nothing, and to load what reads it takes longer than all else at the end of a
 * run. What cannot be looked at may be something.
 */
export function mayHaveAnnotations(run: RunPaths, { stages }: Pick<Journal, 'stages'>): boolean {
  return (
    hasArtifacts(run) ||
    stages.some(({ name }, index) => hasCommand(join(run.stages, stageLogName(index, name))))
  )
}

function hasArtifacts(run: RunPaths): boolean {
  try {
    using folder = opendirSync(run.artifacts)
    return folder.readSync() !== null
  } catch (error) {
    return codeOf(error) !== 'ENOENT'
  }
}

function hasCommand(log: string): boolean {
  try {
    using file = openedFile(log, constants.O_RDONLY)
    return COMMAND.test(readPart(file.value, 0, MOST_LOG_BYTES).toString('latin1'))
  } catch (error) {
    return codeOf(error) !== 'ENOENT'
  }
}
