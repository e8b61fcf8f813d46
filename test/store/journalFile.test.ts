import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { tryFlock } from '../../src/lock/syscalls.ts'
import type { EntryBody } from '../../src/model/journal.ts'
import { journalEntries, parseJournal } from '../../src/model/readJournal.ts'
import { openJournal } from '../../src/store/journalFile.ts'

const STARTED: EntryBody = { event: 'process.started', pid: 1, startTime: '1', boot: 'boot', wrapper: 2 }
const STOP: EntryBody = { event: 'stop.requested', stop: { reason: 'cancelled', by: 'octocat', atMs: 1 } }

function journalPath(): string {
  const folder = mkdtempSync(join(tmpdir(), 'berth-journal-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'journal.ndjson')
}

/** As if by a process that has ended: its lock goes with its descriptors. */
function write(path: string, ...bodies: readonly EntryBody[]): void {
  for (const body of bodies) appendFileSync(path, `${JSON.stringify({ at: 1, mono: 1, ...body })}\n`)
}

test('R-RUN-01 what is appended is read back, and one process at a time conducts', () => {
  const path = journalPath()
  const journal = openJournal(path, tryFlock)
  journal?.append(STARTED)
  journal?.append(STOP)
  expect(journal?.journal).toMatchObject({ processes: 1, stop: { reason: 'cancelled' } })
  expect(parseJournal(readFileSync(path, 'utf8'))).toEqual(journal?.journal)
  expect(openJournal(path, tryFlock)).toBeNull()
})

test.each([1, 10, 40])(
  'R-RUN-01 a last line torn after %i characters is no entry, and is cut before the next append',
  (length) => {
    const path = journalPath()
    write(path, STARTED)
    const whole = readFileSync(path, 'utf8')
    appendFileSync(path, JSON.stringify({ at: 2, mono: 2, ...STOP }).slice(0, length))
    expect(parseJournal(readFileSync(path, 'utf8'))).toMatchObject({ entries: 1, stop: null })
    const journal = openJournal(path, tryFlock)
    expect(journal).toMatchObject({ damaged: false, journal: { entries: 1 } })
    expect(readFileSync(path, 'utf8')).toBe(whole)
    journal?.append(STARTED)
    expect(journalEntries(readFileSync(path, 'utf8'))).toHaveLength(2)
  },
)

test('R-RUN-01 a line in the middle that cannot be read is named by its number; what follows is kept aside', () => {
  const path = journalPath()
  write(path, STARTED)
  appendFileSync(path, '{"event":"nonsense"}\n')
  write(path, STOP)
  const text = readFileSync(path, 'utf8')
  expect(() => parseJournal(text)).toThrow('journal.ndjson line 2 cannot be read')
  expect(openJournal(path, tryFlock)).toMatchObject({ damaged: true, journal: { entries: 1, stop: null } })
  expect(existsSync(`${path}.damaged`)).toBe(true)
  expect(readFileSync(`${path}.damaged`, 'utf8')).toBe(text)
})

test('R-RUN-01 a journal of nothing but nonsense is an empty one, and damaged', () => {
  const path = journalPath()
  writeFileSync(path, 'x\ny\n')
  expect(openJournal(path, tryFlock)).toMatchObject({ damaged: true, journal: { entries: 0 } })
})

test('R-RUN-07 what was ended is read back as it was written, and the lines of an older berth say nothing of it', () => {
  const path = journalPath()
  const stuck = { asked: 7, killed: 2, graceMs: 500, tookMs: 20_300, proofs: [], left: ['process 12'] }
  const proofs = [{ kind: 'cgroup', count: 2 } as const, { kind: 'sweep', count: 1 } as const]
  const ending = { ...stuck, proofs, left: [] }
  const report = { verified: true, ended: 7, ending, tookMs: 3, left: [] }
  const end = { event: 'stage.ended', name: 'up', outcome: 'cancelled', exitCode: null, detail: '' } as const
  write(
    path,
    { event: 'stage.started', name: 'up', containment: { kind: 'cgroup', path: '/x' } },
    { ...end, ending: stuck },
    { event: 'teardown.ended', report },
  )
  const journal = parseJournal(readFileSync(path, 'utf8'))
  expect(journal.stages.map((stage) => stage.ending)).toEqual([stuck])
  expect(journal.teardown).toEqual(report)
  const old = readFileSync(path, 'utf8').replaceAll(/,"ending":\{.*?"left":\[[^\]]*\]\}/g, '')
  expect(old).not.toContain('ending')
  const older = parseJournal(old)
  expect([older.stages[0]?.ending, older.teardown]).toEqual([null, { ...report, ending: null }])
})
