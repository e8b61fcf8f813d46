import { describe, expect, test } from 'vitest'
import type { Aim } from '../../src/model/aim.ts'
import { EMPTY_JOURNAL, type Entry, type Journal, withEntry } from '../../src/model/journal.ts'
import { levelOf, RUNGS } from '../../src/model/level.ts'
import { parseJournal } from '../../src/model/readJournal.ts'
import type { Outcome } from '../../src/model/run.ts'

/** A journal of stages as `aim`, `aim outcome`, or a stage that is about no stack: `-`. */
function entriesOf(stages: readonly string[]): readonly Entry[] {
  return stages.flatMap((text, index): readonly Entry[] => {
    const [aim = '', outcome = 'success'] = text.split(' ')
    const at = { at: index, mono: index }
    const name = `s${index}`
    const end = { name, outcome: outcome as Outcome, exitCode: null, detail: '', ending: null }
    return [
      { event: 'stage.started', name, containment: { kind: 'sweep', run: 'r1', stage: name }, ...at },
      { event: 'stage.ended', ...end, ...(aim === '-' ? {} : { aim: aim as Aim }), ...at },
    ]
  })
}

function journalOf(stages: readonly string[]): Journal {
  return entriesOf(stages).reduce(withEntry, EMPTY_JOURNAL)
}

const FULL = ['-', 'command', 'upgrade', 'ready', 'command', 'backup', 'command', 'restore', 'command']

describe('R-DKR-14 the level of a run', () => {
  // Rungs in their order: + shown, ! failed, . untried.
  const CASES: readonly (readonly [string, readonly string[], number, string])[] = [
    ['all of it', FULL, 5, '+++++'],
    ['a deploy alone', ['deploy'], 1, '+....'],
    ['a first upgrade is a deploy of the pull request, too', ['upgrade', 'command'], 1, '+.+.+'],
    ['a deploy that is red', ['deploy failure'], 0, '!....'],
    ['a deploy that is late', ['deploy timed_out'], 0, '!....'],
    ['a deploy that was cancelled', ['deploy cancelled'], 0, '.....'],
    ['a fault of the harness', ['deploy', 'ready fault'], 1, '+....'],
    ['one that does not stay up', ['deploy', 'ready failure'], 1, '+!...'],
    ['own checks count on top of what is there only', ['deploy', 'command'], 1, '+...+'],
    ['an upgrade that nobody looks at', ['-', 'command', 'upgrade', 'ready'], 2, '++...'],
    ['an upgrade after which the check is red', ['upgrade', 'ready', 'command failure'], 2, '++!.!'],
    ['an upgrade that is red', ['-', 'ready', 'command', 'upgrade failure'], 0, '!.!..'],
    ['a release that cannot be written to', ['-', 'command failure'], 0, '....!'],
    ['a backup that nobody restores', ['upgrade', 'ready', 'command', 'backup'], 3, '+++.+'],
    ['an empty backup', ['deploy', 'backup failure'], 1, '+..!.'],
    ['a restore that is red', ['deploy', 'backup', 'restore failure'], 1, '+..!.'],
  ]
  test.each(CASES)('R-DKR-14 of %s', (_, stages, height, signs) => {
    const level = levelOf(journalOf(stages))
    const signOf = { shown: '+', failed: '!', untried: '.' }
    expect(RUNGS.map((rung) => signOf[level?.rungs[rung] ?? 'untried']).join('')).toBe(signs)
    expect(level?.height).toBe(height)
  })

  test('R-DKR-14 a run without a stack has none, and neither has one that was not begun', () => {
    expect(levelOf(journalOf(['-', '- failure']))).toBe(null)
    expect(levelOf(EMPTY_JOURNAL)).toBe(null)
  })

  test('R-DKR-14 is the same once the journal was written and read, whatever a newer berth has put there', () => {
    const lines = entriesOf(FULL).map((entry) => `${JSON.stringify(entry)}\n`)
    expect(levelOf(parseJournal(lines.join('')))).toEqual(levelOf(journalOf(FULL)))
    const newer = lines.join('').replaceAll('"aim":"ready"', '"aim":"dances"')
    expect(levelOf(parseJournal(newer))?.rungs['stays up']).toBe('untried')
  })
})
