import { constants, fstatSync } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { codeOf, messageOf } from '../errors.ts'
import type { Journal } from '../model/journal.ts'
import { stageLogName, TEARDOWN_LOG } from '../model/stageLog.ts'
import { openedFile, readPart } from './durable.ts'
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

/** The last bytes of a log as text; empty where there is none, a word of ours where a stage has put something else in its place. */
export function tailOfFile(path: string, mostBytes: number): string {
  try {
    using file = openedFile(path, constants.O_RDONLY)
    const { size } = fstatSync(file.value)
    const length = Math.min(size, mostBytes)
    return readPart(file.value, size - length, length).toString('utf8')
  } catch (error) {
    return wordsFor(error)
  }
}

const PIECE_BYTES = 256 * 1024

/** Each call returns a piece of what has been added to a log, empty when that is all; characters are never cut. */
export function tailReader(path: string): () => string {
  const decoder = new StringDecoder('utf8')
  let position = 0
  let refused = false
  return () => {
    if (refused) return ''
    try {
      using file = openedFile(path, constants.O_RDONLY)
      const bytes = readPart(file.value, position, PIECE_BYTES)
      position += bytes.length
      return decoder.write(bytes)
    } catch (error) {
      refused = true
      return wordsFor(error)
    }
  }
}

function wordsFor(error: unknown): string {
  if (codeOf(error) === 'ENOENT') return ''
  if (codeOf(error) !== 'NOT_A_FILE') throw error
  return `[berth: ${messageOf(error)}]\n`
}
