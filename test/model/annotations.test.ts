import { describe, expect, test } from 'vitest'
import type { Level, Remark } from '../../src/model/annotation.ts'
import { remarkOfLine } from '../../src/model/annotationLine.ts'
import { collectorIn, countsOf, foundWords, readAnnotations } from '../../src/model/annotations.ts'

describe('a line of annotations.ndjson', () => {
  test('R-REP-01 says place, level and words', () => {
    const line = {
      path: 'a.ts',
      line: 1,
      endLine: 2,
      startColumn: 3,
      endColumn: 4,
      level: 'warning',
      title: 't',
      message: 'm',
    }
    expect(remarkOfLine(JSON.stringify(line))).toEqual({ ...line, details: null })
    expect(remarkOfLine('{"path":"a.ts","line":1,"level":"notice","message":"m"}')).toMatchObject({
      endLine: null,
      title: null,
    })
  })

  test.each([
    ['{"path":"a.ts"', 'it is not JSON'],
    ['[]', 'the line must be an object, and is []'],
    ['{"line":1,"level":"notice","message":"m"}', 'path must be text, and is missing'],
    ['{"path":"a","line":"1","level":"notice","message":"m"}', 'line must be a number, and is "1"'],
    ['{"path":"a","line":0,"level":"notice","message":"m"}', 'line must be a whole number from 1, and is 0'],
    ['{"path":"a","line":2,"endLine":1,"level":"notice","message":"m"}', 'endLine 1 comes before line 2'],
    [
      '{"path":"a","line":1,"level":"error","message":"m"}',
      'level must be one of failure, warning, notice, and is "error"',
    ],
    ['{"path":"a","line":1,"level":"notice","message":" "}', 'message must say something'],
    [
      '{"path":"a","line":1,"level":"notice","message":"m","col":1}',
      'there is no key "col"; known are path, line, endLine',
    ],
  ])('R-RUN-16 %s is refused: %s', (line, words) => {
    expect(() => remarkOfLine(line)).toThrow(words)
  })
})

describe('of many remarks', () => {
  test('R-REP-08 fifty are kept, failures first, each kind in its order; the rest is counted', () => {
    const { add, all } = collectorIn('/w')
    for (let index = 0; index < 1_000; index += 1)
      for (const level of ['notice', 'warning', 'failure'] as const)
        if (index < MANY[level]) add(aRemark(level, `${level} ${index}`))
    const kept = all()
    expect(kept.placed.map(({ message }) => message)).toEqual([
      ...Array.from({ length: 30 }, (_, index) => `failure ${index}`),
      ...Array.from({ length: 15 }, (_, index) => `warning ${index}`),
      ...Array.from({ length: 5 }, (_, index) => `notice ${index}`),
    ])
    expect(kept.found).toEqual(MANY)
    expect(countsOf(kept)).toEqual({ all: 1_045, hidden: 995 })
    expect(foundWords(kept.found)).toBe('30 failures, 15 warnings, 1000 notices')
  })

  test('R-REP-08 those without a place in the repository stand apart, ten of them', () => {
    const { add, all } = collectorIn('/w')
    for (let index = 0; index < 30; index += 1)
      add({ ...aRemark('failure', `${index}`), path: index % 2 === 0 ? null : '../x' })
    add(aRemark('notice', 'placed'))
    expect(all().placed.map(({ message }) => message)).toEqual(['placed'])
    expect(all().unplaced.map(({ message, path }) => `${message} ${path}`)).toEqual(
      Array.from({ length: 10 }, (_, index) => `${index} null`),
    )
  })

  test('R-REP-08 long ones are cut, so that all of them together stay small, and each keeps its beginning', () => {
    const { add, all } = collectorIn('/w')
    for (let index = 0; index < 50; index += 1)
      add({ ...aRemark('failure', `${index} ${'x'.repeat(60_000)}`), details: 'y'.repeat(60_000) })
    const { placed } = all()
    expect(placed).toHaveLength(50)
    expect(JSON.stringify(placed).length).toBeLessThan(800_000)
    expect(placed[0]?.message).toHaveLength(60_002)
    expect(placed[49]?.message).toMatch(/^49 x{1000}/)
  })

  test('R-RUN-16 faults are counted, and the first ones are told', () => {
    const { fault, all } = collectorIn('/w')
    for (let index = 0; index < 9; index += 1) fault(`a.xml:${index}: \u001b[31m${'z'.repeat(999)}`)
    expect(all().faultCount).toBe(9)
    expect(all().faults).toHaveLength(5)
    expect(all().faults[0]).toMatch(/^a\.xml:0: z{50,}…$/)
  })

  test('they are read back as they were written, and a file that says more is cut', () => {
    const { add, fault, all } = collectorIn('/w')
    for (const level of ['failure', 'notice'] as const) add(aRemark(level, level))
    add({ ...aRemark('warning', 'w'), path: null })
    fault('broken')
    const written = JSON.parse(JSON.stringify(all()))
    expect(readAnnotations(written)).toEqual(all())
    const forged = readAnnotations({
      ...written,
      placed: Array.from({ length: 99 }, () => written.placed[0]),
    })
    expect(forged.placed).toHaveLength(50)
    expect(readAnnotations({ ...written, faults: ['a\u001b]8;;x\u0007b\nc'] }).faults).toEqual(['ab c'])
    for (const faultCount of [-1, 1e300, 0.5])
      expect(() => readAnnotations({ ...written, faultCount })).toThrow('faultCount must be a count')
  })
})

const MANY = { failure: 30, warning: 15, notice: 1_000 }

function aRemark(level: Level, message: string): Remark {
  const place = { path: 'a.ts', line: 1, endLine: null, startColumn: null, endColumn: null }
  return { ...place, level, message, title: null, details: null }
}
