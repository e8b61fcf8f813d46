import { describe, expect, test } from 'vitest'
import { testReportOf } from '../../../src/store/annotations/junit.ts'

describe('a JUnit report', () => {
  test('R-REP-01 gives its failed tests and those that could not be run, with their places', () => {
    const xml = `<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="all">
  <testsuite name="unit" file="test/suite.test.ts">
    <testcase classname="a &gt; b" name="adds" file="test/a.test.ts" line="12">
      <failure message="expected 1 to be 2" type="AssertionError"><![CDATA[AssertionError: expected 1 to be 2
    at test/a.test.ts:12:3]]></failure>
    </testcase>
    <testcase classname="b" name="passes" file="test/b.test.ts"><system-out>not &lt;this&gt;</system-out></testcase>
    <testcase name="is skipped"><skipped/></testcase>
    <testcase classname="c" name="breaks" lineno="3"><error type="IOError">no disk
more</error></testcase>
    <testcase><failure/></testcase>
  </testsuite>
</testsuites>`
    expect(testReportOf(xml)).toEqual({
      fault: null,
      failures: [
        {
          level: 'failure',
          path: 'test/a.test.ts',
          line: 12,
          endLine: null,
          startColumn: null,
          endColumn: null,
          title: 'a > b › adds',
          message: 'expected 1 to be 2',
          details: 'AssertionError: expected 1 to be 2\n    at test/a.test.ts:12:3',
        },
        expect.objectContaining({
          path: 'test/suite.test.ts',
          line: 3,
          title: 'c › breaks',
          message: 'no disk',
          details: 'no disk\nmore',
        }),
        expect.objectContaining({
          path: 'test/suite.test.ts',
          line: null,
          title: null,
          message: 'the test ended as failure',
          details: null,
        }),
      ],
    })
  })

  test('R-REP-01 may be one suite, with suites inside it', () => {
    const xml =
      '<testsuite><testsuite><testcase name="t"><error message="m"/></testcase></testsuite></testsuite>'
    expect(testReportOf(xml)).toMatchObject({
      fault: null,
      failures: [{ title: 't', message: 'm', path: null }],
    })
  })

  test.each([
    ['', []],
    ['no XML at all', []],
    ['{"json": true}', []],
    ['<project><testsuite/></project>', []],
    ['<project>', []],
  ])('other files are none, and no mistake: %j', (xml, failures) => {
    expect(testReportOf(xml)).toEqual({ failures, fault: null })
  })

  test('R-RUN-16 a report that breaks off gives what stood before, and says where it broke', () => {
    const xml = '<testsuite><testcase name="t"><failure message="m"/></testcase>\n<testcase name="u"><failure'
    expect(testReportOf(xml)).toMatchObject({
      failures: [{ title: 't' }],
      fault: expect.stringMatching(/^2:\d+: /),
    })
  })

  test.each([
    [
      'of a file of this machine',
      '<!DOCTYPE testsuite [<!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="t"><failure message="m">&x;</failure></testcase></testsuite>',
    ],
    [
      'of itself, a thousand million times',
      `<!DOCTYPE testsuite [<!ENTITY a0 "lol">${Array.from({ length: 9 }, (_, n) => `<!ENTITY a${n + 1} "${`&a${n};`.repeat(10)}">`).join('')}]><testsuite><testcase name="t"><failure message="&a9;"/></testcase></testsuite>`,
    ],
  ])('R-Q-08 expands no entity %s', (_, xml) => {
    const { failures, fault } = testReportOf(xml)
    expect(fault).toContain('undefined entity')
    expect(JSON.stringify(failures)).not.toMatch(/root|lol/)
  })

  test('R-Q-08 nested without end it is given up, and its texts are bounded', () => {
    expect(testReportOf('<testsuite>'.repeat(400_000)).fault).toContain('nested more than 100 deep')
    const long = `<testsuite><testcase name="t"><failure>${'x'.repeat(4_000_000)}</failure></testcase></testsuite>`
    expect(testReportOf(long).failures[0]?.details?.length).toBeLessThanOrEqual(65_536)
  })

  test('R-RUN-16 any number of failed tests is read, each once', () => {
    const xml = `<testsuite>${'<testcase><error message="m"/></testcase>'.repeat(50_000)}</testsuite>`
    expect(testReportOf(xml).failures).toHaveLength(50_000)
  })
})
