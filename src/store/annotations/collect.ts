import { constants } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { codeOf, messageOf } from '../../errors.ts'
import { remarkOfLine } from '../../model/annotationLine.ts'
import { type Annotations, type Collector, collectorIn, type Hide } from '../../model/annotations.ts'
import type { Journal } from '../../model/journal.ts'
import { stageLogName } from '../../model/stageLog.ts'
import { MOST_COMMAND, workflowCommandReader } from '../../model/workflowCommands.ts'
import { openedFile, readPart } from '../durable.ts'
import type { RunPaths } from '../runFolder.ts'
import { type ArtifactFile, artifactFiles } from './artifactFiles.ts'
import { MOST_LOG_BYTES } from './traces.ts'

/** Of one file of the artefacts, and of all together. */
const MOST_FILE_BYTES = 4 * 1024 * 1024
const MOST_FILES_BYTES = 32 * 1024 * 1024
const MOST_ENTRIES = 10_000
const MOST_LOGS_BYTES = 64 * 1024 * 1024
const PIECE_BYTES = 256 * 1024

const LINES = 'annotations.ndjson'

/** Of a run whose secrets could not be had again: nothing is read that may show one. */
export const UNREAD: Annotations = {
  placed: [],
  unplaced: [],
  found: { failure: 0, warning: 0, notice: 0 },
  faults: ['none was read: a secret of the run could not be read again, and would not have been hidden'],
  faultCount: 1,
}

/**
 * What the stages of a run said of files: in `annotations.ndjson`, in JUnit reports, and in workflow commands of their logs. All of it was
 * written by the stages' user, and may be anything: nothing is waited for, no link is followed, and nothing is read without end.
 */
export async function collectAnnotations(
  run: RunPaths,
  journal: Pick<Journal, 'stages'>,
  hide?: Hide,
): Promise<Annotations> {
  const collector = collectorIn(run.work, hide)
  let roomBytes = MOST_FILES_BYTES
  for (const file of artifactFiles(run.artifacts, MOST_ENTRIES, isWanted, collector.fault))
    roomBytes -= await collectFile(file, Math.min(roomBytes, MOST_FILE_BYTES), collector)
  roomBytes = MOST_LOGS_BYTES
  for (const [index, { name }] of journal.stages.entries())
    roomBytes -= collectLog(run, stageLogName(index, name), Math.min(roomBytes, MOST_LOG_BYTES), collector)
  return collector.all()
}

function isWanted(name: string): boolean {
  return name === LINES || name.toLowerCase().endsWith('.xml')
}

/** Resolves to how many bytes were read. A file that cannot be read keeps no other from being read. */
async function collectFile(file: ArtifactFile, mostBytes: number, collector: Collector): Promise<number> {
  const part = file.read(mostBytes)
  if ('fault' in part) {
    collector.fault(`${file.name}: ${part.fault}`)
    return 0
  }
  const { bytes, isWhole } = part
  if (!isWhole) collector.fault(`${file.name}: only its first ${mostBytes} bytes were read`)
  if (file.name === LINES) collectLines(bytes, isWhole, collector)
  else await collectReport(file.name, bytes, isWhole, collector)
  return bytes.length
}

/** The line that the cut went through is none. */
function collectLines(bytes: Buffer, isWhole: boolean, { add, fault }: Collector): void {
  const lines = bytes.toString('utf8').split('\n')
  for (const [index, line] of (isWhole ? lines : lines.slice(0, -1)).entries()) {
    if (line.trim() === '') continue
    try {
      add(remarkOfLine(line))
    } catch (error) {
      fault(`${LINES}:${index + 1}: ${messageOf(error)}`)
    }
  }
}

/** The parser is loaded only where there is something to parse: the run process starts with every run. */
async function collectReport(
  name: string,
  bytes: Buffer,
  isWhole: boolean,
  collector: Collector,
): Promise<void> {
  const { testReportOf } = await import('./junit.ts')
  const { failures, fault } = testReportOf(bytes.toString('utf8'))
  for (const failure of failures) collector.add(failure)
  if (fault !== null && isWhole) collector.fault(`${name}: ${fault}`)
}

/** @returns how many bytes were read */
function collectLog(run: RunPaths, name: string, mostBytes: number, collector: Collector): number {
  const commands = workflowCommandReader()
  try {
    return eachLine(join(run.stages, name), mostBytes, (line) => {
      const remark = commands(line)
      if (remark !== null) collector.add(remark)
    })
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') collector.fault(`${name}: it cannot be read (${codeOf(error)})`)
    return 0
  }
}

function eachLine(path: string, mostBytes: number, take: (line: string) => void): number {
  using file = openedFile(path, constants.O_RDONLY)
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let done = 0
  for (;;) {
    const bytes = readPart(file.value, done, Math.min(PIECE_BYTES, mostBytes - done))
    done += bytes.length
    const lines = (rest + decoder.write(bytes)).split('\n')
    rest = (lines.pop() ?? '').slice(0, MOST_COMMAND)
    for (const line of lines) take(line)
    if (bytes.length === 0) break
  }
  take(rest)
  return done
}
