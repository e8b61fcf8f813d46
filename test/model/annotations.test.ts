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

describe('R-RUN-17 a secret', () => {
  const KEY = '4f1c9a7d'.repeat(8)
  const hide = (text: string) => text.replaceAll(KEY, '***')

  test.each([
    ['an object for a message', `{"path":"a","line":1,"level":"notice","message":{"k":"${KEY}"}}`],
    ['a text for a line', `{"path":"a","line":"${KEY}","level":"notice","message":"m"}`],
    ['a level that is none', `{"path":"a","line":1,"level":"${KEY}","message":"m"}`],
    ['a key that there is none of', `{"${KEY}":1}`],
  ])('does not show in the fault of %s', (_, line) => {
    const { fault, all } = collectorIn('/w', hide)
    try {
      remarkOfLine(line)
    } catch (error) {
      fault(String(error))
    }
    expect(all().faults[0]).toContain('***')
    expect(all().faults[0]).not.toContain(KEY.slice(0, 8))
  })

  test.each([
    ['a colour', `${KEY.slice(0, 9)}\u001b[7m${KEY.slice(9)}`],
    ['a space that nobody sees', `${KEY.slice(0, 9)}\u200b${KEY.slice(9)}`],
    ['zeros', [...KEY].join('\0')],
  ])('with %s in it does not come out whole where that is taken out', (_, text) => {
    const { add, fault, all } = collectorIn('/w', hide)
    add({ ...aRemark('failure', `got ${text}!`), title: text, details: text, path: `src/${text}` })
    add({ ...aRemark('failure', 'x'), path: KEY })
    fault(text)
    expect(JSON.stringify(all())).not.toContain(KEY)
    expect(all().placed.map(({ path, message }) => [path, message])).toEqual([
      ['src/***', 'got ***!'],
      ['***', 'x'],
    ])
  })
})

describe('of many remarks', () => {
  test('R-RUN-16 those whose paths lead nowhere are as few, and looking at them has an end', () => {
    let looks = 0
    const { add, all } = collectorIn('/w', (text) => {
      looks += 1
      return text
    })
    for (let index = 0; index < 100_000; index += 1) add({ ...aRemark('failure', 'x'), path: '../x' })
    const kept = all()
    expect([kept.unplaced.length, kept.found.failure]).toEqual([10, 100_000])
    expect(looks).toBeLessThan(50_000)
  })

  test('R-REP-08 all their texts together have a bound in bytes', () => {
    const { add, all } = collectorIn('/w')
    for (let index = 0; index < 20; index += 1) add(aRemark('failure', '漢'.repeat(21_000)))
    expect(Buffer.byteLength(JSON.stringify(all()))).toBeLessThan(600 * 1024)
  })

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
