import { expect, test } from 'vitest'
import type { Aim } from '../../src/model/aim.ts'
import { EMPTY_JOURNAL, type Journal } from '../../src/model/journal.ts'
import type { RunRow } from '../../src/model/ports.ts'
import type { Outcome } from '../../src/model/run.ts'
import { checkBody } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { aRow, PASSED } from '../store/samples.ts'

const OVER = aRow('r1', { state: 'concluded', verdict: PASSED, startedAtMs: 1, concludedAtMs: 2 })

function journalOf(...stages: readonly (readonly [aim: Aim | null, outcome: Outcome])[]): Journal {
  return {
    ...EMPTY_JOURNAL,
    planned: stages.map((_, index) => `s${index}`),
    stages: stages.map(([aim, outcome], index) => {
      const end = { startedAtMs: 0, endedAtMs: 1, outcome, exitCode: null, detail: '', ending: null }
      return Object.assign({ name: `s${index}`, ...end }, aim === null ? {} : { aim })
    }),
  }
}

function summaryOf(row: RunRow, journal: Journal): string {
  return checkBody(row, journal, NO_EXTRAS).output?.summary ?? ''
}

test('R-DKR-14 the check of a run of a stack says its level, what it has shown, what has failed and what was not tried', () => {
  const journal = journalOf(['deploy', 'success'], ['ready', 'success'], ['command', 'failure'])
  expect(summaryOf(OVER, journal)).toContain(
    '\n\nLevel **2 of 5**: deploys, stays up, **not** passes its own checks, upgrades: not tried, backs up: not tried.\n\n',
  )
})

test('R-DKR-14 a run that is under way, and one of no stack, have none', () => {
  const deployed = journalOf(['deploy', 'success'])
  const running = { ...OVER, state: 'running', verdict: null, concludedAtMs: null } as const
  expect(summaryOf(OVER, deployed)).toContain('Level **1 of 5**')
  expect(summaryOf(running, deployed)).not.toContain('Level')
  expect(summaryOf(OVER, journalOf([null, 'success']))).not.toContain('Level')
})

test('R-DKR-14 the check links to the screenshots that were taken, where the run has a page', () => {
  const journal = journalOf(['deploy', 'success'], ['screenshot', 'success'], ['screenshot', 'success'])
  const of = (detailsUrl: string | null) =>
    checkBody(OVER, journal, { ...NO_EXTRAS, detailsUrl }).output?.summary
  expect(of('https://berth.test/runs/r1')).toContain(
    '\n\nScreenshots: [s1](https://berth.test/runs/r1/screenshots/s1.png), [s2](https://berth.test/runs/r1/screenshots/s2.png).\n\n',
  )
  expect(of(null)).not.toContain('Screenshot')
})
