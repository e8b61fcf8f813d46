import { execFileSync, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { tryFlock } from '../../src/lock/syscalls.ts'
import { createOnce, readIfThere } from '../../src/store/durable.ts'
import { openJournal } from '../../src/store/journalFile.ts'
import { tailOfFile, tailReader } from '../../src/store/logTail.ts'
import { readJournal, readSignals, runPathsOf } from '../../src/store/runFolder.ts'
import { lookAtRun } from '../../src/store/runLook.ts'
import { stateFolder } from '../lock/world.ts'

const SRC = new URL('../../src/', import.meta.url).href
const MANY_BYTES = 10 * 1024 ** 3
const STARTED = `${JSON.stringify({ at: 1, mono: 1, event: 'process.started', pid: 1, startTime: '1', boot: 'b', wrapper: 2 })}\n`

function runFolder() {
  const run = runPathsOf(join(stateFolder().root, 'run'))
  mkdirSync(run.stages, { recursive: true })
  return run
}

describe('a FIFO that a stage has put into its run’s folder', () => {
  test.each([
    ['journal.ndjson', 'store/runFolder.ts', 'readJournal(run)', 'is no regular file'],
    ['stop.json', 'store/runFolder.ts', 'readStop(run)', 'is no regular file'],
    ['signals', 'store/runFolder.ts', 'readSignals(run)', 'TERM'],
    ['result.json', 'store/runLook.ts', 'lookAtRun(run)', 'is no regular file'],
    [
      'journal.ndjson',
      'process/stopRun.ts',
      'stopRun(run, { reason: "cancelled", by: "x", atMs: 1 })',
      'true',
    ],
    ['journal.ndjson', 'store/journalFile.ts', 'openJournal(run.journal, () => true)', 'damaged: true'],
    ['stages/x.log', 'store/logTail.ts', 'tailOfFile(run.stages + "/x.log", 9)', 'is no regular file'],
    ['stages/x.log', 'store/logTail.ts', 'tailReader(run.stages + "/x.log")()', 'is no regular file'],
    ['stages/x.log', 'web/logFile.ts', 'readLog(run.stages, "x", 0)', "text: ''"],
    ['stages/x.log', 'process/logSink.ts', 'openLogSink(run.stages + "/x.log", 0).close()', 'undefined'],
  ] as const)(
    'R-JAN-07 R-RUN-03 in the place of %s keeps nobody waiting: %s %s',
    (file, module, look, says) => {
      const run = runFolder()
      execFileSync('mkfifo', [join(run.folder, file)])
      const program = `
      const run = (await import('${SRC}store/runFolder.ts')).runPathsOf('${run.folder}')
      const module = await import('${SRC}${module}')
      try { console.log(module.${look}) } catch (error) { console.log(error.message, error.cause?.message) }`
      const looker = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
        encoding: 'utf8',
        timeout: 20_000,
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      expect(looker).toMatchObject({ status: 0, stdout: expect.stringContaining(says) })
    },
  )

  test('R-RUN-03 in its journal’s place is kept aside, and the run conducted to its end', () => {
    const run = runFolder()
    execFileSync('mkfifo', [run.journal])
    expect(openJournal(run.journal, tryFlock)).toMatchObject({ damaged: true, journal: { entries: 0 } })
    expect(statSync(`${run.journal}.damaged`).isFIFO()).toBe(true)
    expect(readJournal(run)).toMatchObject({ entries: 0 })
  })

  test('R-RUN-14 in its result’s place is replaced by the result', () => {
    const run = runFolder()
    execFileSync('mkfifo', [run.result])
    expect(createOnce(run.result, 'it')).toBe(true)
    expect(readFileSync(run.result, 'utf8')).toBe('it')
  })
})

describe('a link that a stage has put into its run’s folder', () => {
  test('R-RUN-18 is not followed', () => {
    const run = runFolder()
    writeFileSync(run.request, '{}')
    symlinkSync(run.request, run.stop)
    expect(() => readIfThere(run.stop)).toThrow('is no regular file')
    expect(tailOfFile(run.stop, 9)).toMatch(/^\[berth: .* is no regular file/)
  })
})

describe('a file that a stage has blown up', () => {
  test('R-JAN-07 is refused by its size, whatever it is', () => {
    const run = runFolder()
    for (const path of [run.journal, run.stop, run.signals, run.result]) blowUp(path, '')
    expect(() => readIfThere(run.stop)).toThrow(`has ${MANY_BYTES} bytes`)
    expect(readSignals(run)).toEqual(['TERM'])
    expect(lookAtRun(run)).toMatchObject({ result: null, journal: { entries: 0 } })
  })

  test('R-RUN-01 R-RUN-03 is its journal: what it said before is read, the rest cut, and a copy of what fits kept aside', () => {
    const run = runFolder()
    blowUp(run.journal, STARTED)
    expect(openJournal(run.journal, tryFlock)).toMatchObject({ damaged: true, journal: { entries: 1 } })
    expect(readFileSync(run.journal, 'utf8')).toBe(STARTED)
    expect(statSync(`${run.journal}.damaged`).size).toBeLessThan(5 * 1024 ** 2)
  })

  test('R-RUN-01 is its journal, full of nonsense: found out line by line, not again and again', () => {
    const run = runFolder()
    writeFileSync(run.journal, STARTED + 'x\n'.repeat(1024 ** 2))
    expect(openJournal(run.journal, tryFlock)).toMatchObject({ damaged: true, journal: { entries: 1 } })
  })

  test('R-RUN-21 is a log: shown piece by piece', () => {
    const run = runFolder()
    const log = join(run.stages, '01-up.log')
    blowUp(log, 'begin\n')
    const read = tailReader(log)
    expect(read()).toMatch(/^begin\n/)
    expect(read().length).toBeLessThan(1024 ** 2)
    expect(tailOfFile(log, 9)).toBe('\0'.repeat(9))
  })
})

test('R-RUN-01 a process that died over a damaged journal leaves that to the next one', () => {
  const run = runFolder()
  writeFileSync(run.journal, 'nonsense\n')
  expect(openJournal(run.journal, () => true)).toMatchObject({ damaged: true })
  expect(existsSync(`${run.journal}.damaged`)).toBe(true)
  expect(openJournal(run.journal, tryFlock)).toMatchObject({ damaged: true, journal: { entries: 0 } })
})

/** Sparse: it takes no place. */
function blowUp(path: string, text: string): void {
  writeFileSync(path, text)
  truncateSync(path, MANY_BYTES)
}
