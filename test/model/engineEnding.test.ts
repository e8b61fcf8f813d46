import { expect, test } from 'vitest'
import { type EngineEnding, engineWords } from '../../src/model/engineEnding.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import { proofLines, textOfLine } from '../../src/model/proofLines.ts'
import { parseJournal } from '../../src/model/readJournal.ts'
import { ENDING } from './endings.ts'

const ONE: EngineEnding = { removed: 7, looks: 9, emptyLooks: 1, emptyMs: 0, wantedLooks: 1, tookMs: 3200 }

test.each<[string, Partial<EngineEnding>, string]>([
  ['a stack', {}, '7 objects of the engine taken down in 3.2s; the last of 9 looks found nothing'],
  [
    'one object',
    { removed: 1 },
    '1 object of the engine taken down in 3.2s; the last of 9 looks found nothing',
  ],
  ['nothing', { removed: 0, looks: 1 }, 'the engine had nothing to take down; its only look found nothing'],
  [
    'a stack whose client was lost',
    { emptyLooks: 5, wantedLooks: 5, emptyMs: 10_240 },
    '7 objects of the engine taken down in 3.2s; the last 5 of 9 looks, over 10.2s, found nothing',
  ],
  [
    'less than everything',
    { removed: 6, emptyLooks: 0 },
    '6 objects of the engine taken down in 3.2s; nothing shows that all is gone: 0 of 1 empty looks',
  ],
])('R-DKR-04 taking down %s is told with what shows it', (_, change, words) => {
  expect(engineWords({ ...ONE, ...change })).toBe(words)
})

test('R-DKR-04 R-RUN-07 the proof of a teardown tells of processes and of the engine, also when it is read back from the journal', () => {
  const report = { verified: true, ended: 0, ending: ENDING, engine: ONE, tookMs: 3300, left: [] }
  const line = JSON.stringify({ event: 'teardown.ended', at: 1, mono: 1, report })
  const { teardown } = parseJournal(`${line}\n`)
  expect(teardown).toEqual(report)
  const [proof] = proofLines({ ...EMPTY_JOURNAL, teardown }).map(textOfLine)
  expect(proof).toContain('cgroup empty and removed; 7 objects of the engine taken down in 3.2s; the last')
  expect(proof).toContain('verified, nothing is left')
})
