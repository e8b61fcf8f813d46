import { execFileSync } from 'node:child_process'
import {
  appendFileSync,
  chownSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { EMPTY_JOURNAL, type StageRecord } from '../../../src/model/journal.ts'
import { artifactFiles } from '../../../src/store/annotations/artifactFiles.ts'
import { collectAnnotations } from '../../../src/store/annotations/collect.ts'
import { annotationsOf, writeAnnotations } from '../../../src/store/annotations/file.ts'
import { mayHaveAnnotations } from '../../../src/store/annotations/traces.ts'
import { runPathsOf } from '../../../src/store/runFolder.ts'

const LINE = { path: 'src/a.ts', line: 3, level: 'warning', message: 'from a line' }
const REPORT =
  '<testsuite><testcase name="t" file="src/b.ts" line="4"><failure message="from a report"/></testcase></testsuite>'

describe('what the stages said', () => {
  test('R-REP-01 is read from lines, reports and logs, in this order, and is the same for whoever reads it after', async () => {
    const run = aRun()
    run.artifact('annotations.ndjson', `${JSON.stringify(LINE)}\n\n`)
    run.artifact('reports/deep/TEST-x.XML', REPORT)
    run.log(
      '01-build.log',
      `all well\n::notice file=${run.paths.work}/src/c.ts,line=5::from a log\n::stop-commands::x\n`,
    )
    run.log('02-check.log', '::error::of no file\n')
    const found = await run.collect('build', 'check')
    expect(
      found.placed.map(({ level, path, line, message }) => `${level} ${path}:${line} ${message}`),
    ).toEqual([
      'failure src/b.ts:4 from a report',
      'warning src/a.ts:3 from a line',
      'notice src/c.ts:5 from a log',
    ])
    expect(found).toMatchObject({
      found: { failure: 2, warning: 1, notice: 1 },
      faults: [],
      unplaced: [{ message: 'of no file' }],
    })
    writeAnnotations(run.paths, found)
    writeAnnotations(run.paths, { ...found, placed: [] })
    expect(annotationsOf(run.paths), 'the first one stands').toEqual(found)
  })

  test('R-RUN-16 lines that cannot be read are named and counted, and keep no other from being read', async () => {
    const run = aRun()
    run.artifact('annotations.ndjson', ['nonsense', JSON.stringify(LINE), '{"path":"a"}', '', 'x'].join('\n'))
    run.artifact('broken.xml', '<testsuite><testcase>')
    const { placed, faults, faultCount } = await run.collect()
    expect(placed).toHaveLength(1)
    expect(faultCount).toBe(4)
    expect(faults).toEqual([
      'annotations.ndjson:1: it is not JSON',
      'annotations.ndjson:3: line must be a number, and is missing',
      'annotations.ndjson:5: it is not JSON',
      expect.stringMatching(/^broken\.xml: 1:\d+: /),
    ])
  })

  test('a run without artefacts, logs or stages has none', async () => {
    const run = aRun()
    rmSync(run.paths.artifacts, { recursive: true })
    expect(await run.collect('never-begun')).toMatchObject({
      placed: [],
      unplaced: [],
      faults: [],
      faultCount: 0,
    })
    writeAnnotations(run.paths, await run.collect())
    expect(annotationsOf(run.paths), 'nothing was said, and nothing is written').toBeNull()
    writeFileSync(run.paths.annotations, '{"placed":1}')
    expect(annotationsOf(run.paths), 'what cannot be read').toBeNull()
  })
})

describe('whether there may be any', () => {
  test.each<[string, boolean, (run: Run) => void]>([
    ['nothing', false, () => undefined],
    ['logs without commands', false, (run) => run.log('01-build.log', 'a::b\n  x ::error::\nC:: d\n')],
    ['a command', true, (run) => run.log('01-build.log', 'x\n \t::error::m')],
    ['a command in the first line', true, (run) => run.log('01-build.log', '::notice::m')],
    ['a command after a carriage return', true, (run) => run.log('01-build.log', 'x\r\n::error::m\r\n')],
    ['a log that is none', true, (run) => mkfifo(join(run.paths.stages, '01-build.log'))],
    ['an artefact', true, (run) => run.artifact('x', '')],
    [
      'a file in place of the artefacts',
      true,
      (run) => (rmSync(run.paths.artifacts, { recursive: true }), writeFileSync(run.paths.artifacts, '')),
    ],
    ['no artefacts at all', false, (run) => rmSync(run.paths.artifacts, { recursive: true })],
  ])('R-REP-01 %s: %s', async (_, isSo, make) => {
    const run = aRun()
    make(run)
    expect(mayHaveAnnotations(run.paths, { stages: [aStage('build'), aStage('never-begun')] })).toBe(isSo)
    const { found, faultCount } = await run.collect('build', 'never-begun')
    const isFound = found.failure + found.notice + faultCount > 0
    expect(isFound && !isSo, 'something is there, and nobody would look').toBe(false)
  })
})

/** Each is something that a stage's user can put there; reading it would wait, end nowhere, or tell what is not theirs. */
describe('what a stage puts in the place of a file', () => {
  const secret = JSON.stringify({ ...LINE, message: 'SECRET' })

  test.each<[string, (run: Run) => void, RegExp]>([
    [
      'a FIFO',
      (run) => mkfifo(join(run.paths.artifacts, 'annotations.ndjson')),
      /^annotations\.ndjson: it is no regular file$/,
    ],
    [
      'a FIFO with a report’s name',
      (run) => mkfifo(join(run.paths.artifacts, 'a.xml')),
      /^a\.xml: it is no regular file$/,
    ],
    [
      'a link to a file elsewhere',
      (run) => symlinkSync(run.outside('x', secret), join(run.paths.artifacts, 'annotations.ndjson')),
      /no regular file/,
    ],
    [
      'a link to an endless device',
      (run) => symlinkSync('/dev/zero', join(run.paths.artifacts, 'a.xml')),
      /no regular file/,
    ],
    [
      'a folder with a file’s name',
      (run) => mkdirSync(join(run.paths.artifacts, 'annotations.ndjson')),
      /^$/,
    ],
  ])('R-Q-08 %s is not read, and not waited for', async (_, spoil, fault) => {
    const run = aRun()
    spoil(run)
    run.artifact('z.xml', REPORT)
    const found = await run.collect()
    expect(found.placed.map(({ message }) => message)).toEqual(['from a report'])
    expect(found.faults.join()).toMatch(fault)
    expect(JSON.stringify(found)).not.toMatch(/SECRET|\/proc|\/tmp/)
  })

  test('R-Q-08 a link to a folder elsewhere is not entered, also not in place of the artefacts', async () => {
    const run = aRun()
    const outside = dirname(run.outside('annotations.ndjson', secret))
    symlinkSync(outside, join(run.paths.artifacts, 'deep'))
    expect(await run.collect()).toMatchObject({ placed: [], faultCount: 0 })
    rmSync(run.paths.artifacts, { recursive: true })
    symlinkSync(outside, run.paths.artifacts)
    expect(await run.collect()).toMatchObject({
      placed: [],
      faults: ['the artefacts cannot be read (ENOTDIR)'],
    })
  })

  test('R-Q-08 a log that is a FIFO or a link by now is named', async () => {
    const run = aRun()
    mkfifo(join(run.paths.stages, '01-build.log'))
    symlinkSync(run.outside('x', '::error::SECRET'), join(run.paths.stages, '02-check.log'))
    const found = await run.collect('build', 'check')
    expect(found.faults).toEqual([
      '01-build.log: it cannot be read (NOT_A_FILE)',
      '02-check.log: it cannot be read (NOT_A_FILE)',
    ])
    expect(found.found.failure).toBe(0)
  })

  test.skipIf(process.getuid?.() !== 0)(
    'R-Q-08 a hard link to a file of another user is not read',
    async () => {
      const run = aRun()
      chownSync(run.paths.artifacts, 65_534, 65_534)
      linkSync(run.outside('x', secret), join(run.paths.artifacts, 'annotations.ndjson'))
      expect(await run.collect()).toMatchObject({
        placed: [],
        faults: ["annotations.ndjson: it is a hard link to another user's file"],
      })
    },
  )

  test('R-RUN-16 of a huge file the beginning is read, and the cut is told', async () => {
    const run = aRun()
    run.artifact('annotations.ndjson', `${JSON.stringify(LINE)}\n`)
    truncateSync(join(run.paths.artifacts, 'annotations.ndjson'), 2 ** 40)
    run.artifact('huge.xml', REPORT)
    truncateSync(join(run.paths.artifacts, 'huge.xml'), 2 ** 40)
    const { placed, faults } = await run.collect()
    expect(placed.map(({ message }) => message)).toEqual(['from a report', 'from a line'])
    expect(faults).toEqual([
      'annotations.ndjson: only its first 4194304 bytes were read',
      'huge.xml: only its first 4194304 bytes were read',
    ])
  })

  test('R-RUN-16 so many entries are looked at, wherever they are, and that there are more is told', () => {
    const run = aRun()
    for (let index = 0; index < 30; index += 1)
      run.artifact(`${index % 3 === 0 ? 'in/' : ''}${index}.xml`, REPORT)
    const faults: string[] = []
    const files = [
      ...artifactFiles(
        run.paths.artifacts,
        15,
        () => true,
        (fault) => faults.push(fault),
      ),
    ]
    expect(files.length).toBeLessThanOrEqual(15)
    expect(faults).toEqual(['the artefacts have more than 15 entries; the others were not looked at'])
    expect([
      ...artifactFiles(
        run.paths.artifacts,
        31,
        () => true,
        (fault) => faults.push(fault),
      ),
    ]).toHaveLength(30)
    expect(faults).toHaveLength(1)
  })

  test('R-RUN-16 of folders in folders, those at the top are looked into', async () => {
    const run = aRun()
    run.artifact(`${'d/'.repeat(8)}in.xml`, REPORT)
    run.artifact(`${'d/'.repeat(9)}too-deep.xml`, REPORT)
    expect((await run.collect()).placed).toHaveLength(1)
  })

  test('R-RUN-16 a flood of commands, one of them without end, is read and counted', async () => {
    const run = aRun()
    run.log('01-build.log', '::error file=a.ts,line=1::x\n'.repeat(200_000))
    appendFileSync(join(run.paths.stages, '01-build.log'), `::error::${'y'.repeat(8_000_000)}`)
    const { placed, found } = await run.collect('build')
    expect(placed).toHaveLength(50)
    expect(found.failure).toBe(200_001)
  })
})

type Run = ReturnType<typeof aRun>

function aRun() {
  const root = mkdtempSync(join(tmpdir(), 'berth-annotations-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  const paths = runPathsOf(join(root, 'run'))
  for (const folder of [paths.artifacts, paths.stages]) mkdirSync(folder, { recursive: true })
  const write = (path: string, text: string) => {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(path, text)
    return path
  }
  return {
    paths,
    artifact: (name: string, text: string) => write(join(paths.artifacts, name), text),
    log: (name: string, text: string) => write(join(paths.stages, name), text),
    outside: (name: string, text: string) => write(join(root, 'outside', name), text),
    collect: (...stages: readonly string[]) =>
      collectAnnotations(paths, { ...EMPTY_JOURNAL, stages: stages.map(aStage) }),
  }
}

function aStage(name: string): StageRecord {
  return { name, startedAtMs: 1, endedAtMs: 2, outcome: 'success', exitCode: 0, detail: '', ending: null }
}

function mkfifo(path: string): void {
  execFileSync('mkfifo', [path])
}
