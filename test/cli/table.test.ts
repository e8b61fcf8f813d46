import { describe, expect, test } from 'vitest'
import { paintOf, type Screen } from '../../src/cli/screen.ts'
import { type Column, momentText, table, timeText, widthOfText } from '../../src/cli/table.ts'
import { NAME_STATES } from '../../src/lock/look.ts'
import { CONCLUSIONS } from '../../src/model/run.ts'

const HEADS: readonly (string | Column)[] = [
  { head: 'run', whole: true },
  'domain',
  { head: 'pr', spare: 2 },
  { head: 'since', spare: 1 },
  'why',
]
const LONG = 'its record cannot be read: 東京 🚢 and so on, at great length, until nobody reads it'
const ROWS = [
  [
    '01k00000000000a1',
    'a-very-long-name-of-a-site-hello-pr12.ci.example.org',
    '12',
    '2026-11-28 19:00:00',
    LONG,
  ],
  ['01k00000000000a2', 'b.ci.example.org', '3', '', ''],
]

function linesAt(columns: number): readonly string[] {
  return table(HEADS, ROWS, { isTTY: true, columns, write: () => undefined })
    .trimEnd()
    .split('\n')
}

test('R-OBS-05 no line is wider than the terminal, and what people copy is whole', () => {
  for (let columns = 30; columns <= 250; columns += 1) {
    const lines = linesAt(columns)
    expect(lines).toHaveLength(3)
    expect(Math.max(...lines.map(widthOfText)), `${columns} columns`).toBeLessThanOrEqual(columns)
    expect(lines[1]).toContain('01k00000000000a1')
  }
})

test('R-OBS-05 where there is room nothing is cut; where there is none the column that can be spared first is left out first', () => {
  expect(linesAt(250)[1]).toContain(LONG)
  expect(linesAt(250).join('\n')).not.toContain('…')
  expect(linesAt(90)[0]).toMatch(/RUN +DOMAIN +PR +SINCE +WHY/)
  expect(linesAt(46)[0]).toMatch(/RUN +DOMAIN +SINCE +WHY/)
  expect(linesAt(40)[0]).toMatch(/RUN +DOMAIN +WHY/)
  expect(linesAt(40)[1]).toContain('…')
})

test('R-OBS-05 a pipe gets the whole of every text, and no colours', () => {
  const text = table([{ head: 'state', paint: paintOf }, 'why'], [['dirty', LONG]], {
    columns: 20,
    write: () => undefined,
  })
  expect(text).toBe(`STATE  WHY\ndirty  ${LONG}\n`)
})

describe('R-OBS-05 a moment', () => {
  const [now, earlier] = [
    new Date(2026, 10, 28, 19, 30, 15).getTime(),
    new Date(2026, 10, 27, 8, 5, 9).getTime(),
  ]
  const pipe: Screen = { write: () => undefined }
  const terminal: Screen = { ...pipe, isTTY: true, columns: 80 }

  test.each([
    [now, terminal, '19:30:15'],
    [earlier, terminal, '11-27 08:05'],
    [earlier, pipe, '2026-11-27 08:05:09'],
    [null, terminal, ''],
  ])('%s is %s', (ms, screen, text) => {
    expect(momentText(ms, screen, now)).toBe(text)
  })

  test('of a pipe is to the second', () => expect(timeText(earlier)).toBe('2026-11-27 08:05:09'))
})

test('R-OBS-05 every state of a name and every end of a run has its colour', () => {
  expect([...NAME_STATES, ...CONCLUSIONS].filter((word) => paintOf(word) === null)).toEqual([])
  expect(paintOf('failure: stage check is red')).toBe('red')
  expect(paintOf('whatever')).toBeNull()
})
