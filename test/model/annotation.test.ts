import { describe, expect, test } from 'vitest'
import { annotationOf, MOST_MESSAGE_BYTES, type Remark, readAnnotation } from '../../src/model/annotation.ts'

const ROOT = '/state/runs/x/work'

describe('the place of an annotation', () => {
  test.each([
    ['src/a.ts', 'src/a.ts'],
    ['./src//b/../a.ts', 'src/a.ts'],
    [`${ROOT}/src/a.ts`, 'src/a.ts'],
    ['…/ünïcode file.ts', '…/ünïcode file.ts'],
    ['..a/b..', '..a/b..'],
    ['.github/x.yml', '.github/x.yml'],
  ])('R-REP-08 %s is %s in the repository', (path, below) => {
    expect(annotationOf(aRemark({ path }), ROOT).path).toBe(below)
  })

  test.each([
    '',
    '.',
    '..',
    '../a.ts',
    'a/../../b.ts',
    'a/..',
    'src/',
    '/etc/passwd',
    `${ROOT}/../other/work/a.ts`,
    `${ROOT}`,
    `${ROOT}2/a.ts`,
    'a\u0000.ts',
    'a\n.ts',
    'a\u202e.ts',
    'a\u001b[31m.ts',
    'a\ud83d.ts',
    'x'.repeat(4_097),
  ])('R-Q-08 R-REP-08 %j is no place in it', (path) => {
    expect(annotationOf(aRemark({ path }), ROOT).path).toBeNull()
  })

  test.each<[Partial<Remark>, object]>([
    [{ line: 3 }, { line: 3, endLine: 3, startColumn: null, endColumn: null }],
    [{ line: null }, { line: 1, endLine: 1 }],
    [
      { line: null, endLine: 7 },
      { line: 7, endLine: 7 },
    ],
    [{ line: 0 }, { line: 1, endLine: 1 }],
    [{ line: 2 ** 40 }, { line: 1, endLine: 1 }],
    [{ line: 1.5 }, { line: 1, endLine: 1 }],
    [
      { line: 9, endLine: 3 },
      { line: 9, endLine: 9 },
    ],
    [
      { line: 3, startColumn: 4 },
      { startColumn: 4, endColumn: 4 },
    ],
    [
      { line: 3, endColumn: 4 },
      { startColumn: 4, endColumn: 4 },
    ],
    [
      { line: 3, startColumn: 4, endColumn: 9 },
      { startColumn: 4, endColumn: 9 },
    ],
    [
      { line: 3, startColumn: 9, endColumn: 4 },
      { startColumn: null, endColumn: null },
    ],
    [
      { line: 3, startColumn: 0 },
      { startColumn: null, endColumn: null },
    ],
    [
      { line: 3, endLine: 4, startColumn: 1, endColumn: 2 },
      { line: 3, endLine: 4, startColumn: null, endColumn: null },
    ],
  ])('R-REP-08 %j becomes %j', (change, place) => {
    expect(annotationOf(aRemark(change), ROOT)).toMatchObject(place)
  })
})

describe('the texts of an annotation', () => {
  test('R-REP-08 are cut to GitHub’s limits, between characters', () => {
    const ship = '\u{1F6A2}'
    for (const evil of [
      ship.repeat(70_000),
      `x${ship.repeat(70_000)}`,
      'é'.repeat(200_000),
      '\ud83d'.repeat(99_000),
    ]) {
      const { title, message, details } = annotationOf(
        aRemark({ title: evil, message: evil, details: evil }),
        ROOT,
      )
      expect(title?.length).toBeLessThanOrEqual(255)
      for (const text of [title, message, details]) {
        expect(Buffer.byteLength(text ?? '')).toBeLessThanOrEqual(MOST_MESSAGE_BYTES)
        expect(text?.length).toBeGreaterThan(100)
        expect(text?.isWellFormed()).toBe(true)
      }
    }
  })

  test('R-Q-08 have nothing that a terminal or a page would act on', () => {
    const evil = 'a\u001b[31mb\u001b]8;;https://evil.example\u0007c\u202ed\u200b\u0000\u009be\r\nf\tg\rh'
    const { title, message, details } = annotationOf(
      aRemark({ title: evil, message: evil, details: evil }),
      ROOT,
    )
    expect(title).toBe('abcde f gh')
    expect(message).toBe('abcde\nf\tg\nh')
    expect(details).toBe(message)
  })

  test.each<[Partial<Remark>, string, string | null]>([
    [{ message: ' \u200b\n' }, '(no message)', null],
    [{ message: '', title: 'only a title' }, 'only a title', 'only a title'],
    [{ message: 'm', title: '\u001b[0m' }, 'm', null],
  ])('GitHub takes no empty ones: %j', (change, message, title) => {
    expect(annotationOf(aRemark(change), ROOT)).toMatchObject({ message, title })
  })
})

test('what was read back is what was written, and keeps the rules whatever the file says', () => {
  const whole = annotationOf(aRemark({ title: 't', details: 'd', startColumn: 1, endColumn: 2 }), ROOT)
  expect(readAnnotation(JSON.parse(JSON.stringify(whole)))).toEqual(whole)
  const forged = { ...whole, path: '../x', line: -4, endLine: 2 ** 50, message: '\u0000', title: '' }
  expect(readAnnotation(forged)).toMatchObject({
    path: null,
    line: 1,
    endLine: 1,
    message: '(no message)',
    title: null,
  })
  expect(() => readAnnotation({ ...whole, level: 'error' })).toThrow(
    'level must be one of failure, warning, notice',
  )
})

function aRemark(change: Partial<Remark> = {}): Remark {
  return {
    level: 'failure',
    path: 'src/a.ts',
    line: 1,
    endLine: null,
    startColumn: null,
    endColumn: null,
    title: null,
    message: 'it is wrong',
    details: null,
    ...change,
  }
}
