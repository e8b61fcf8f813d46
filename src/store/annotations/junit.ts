import { SaxesParser, type SaxesTagPlain } from 'saxes'
import { messageOf } from '../../errors.ts'
import type { Remark } from '../../model/annotation.ts'

/** What is kept of an element's text. */
const MOST_TEXT = 64 * 1024
/** No report is so deep. */
const DEEPEST = 100

/** What a file of XML came to. */
export interface TestReport {
  /** The test cases that failed or could not be run, in order; none where the root is no `testsuite(s)`. */
  readonly failures: readonly Remark[]
  /** Why the rest of the report could not be read; null = it was, or the file is no report. */
  readonly fault: string | null
}

/** Reads a JUnit report. Entities of the file's own are never expanded: to refer to one is a mistake. */
export function testReportOf(xml: string): TestReport {
  const parser = new SaxesParser()
  const report = reportReader()
  parser.on('opentag', report.open)
  parser.on('closetag', report.close)
  parser.on('text', report.text)
  parser.on('cdata', report.text)
  try {
    parser.write(xml).close()
  } catch (error) {
    const isReport = report.isBegun() && error !== NO_REPORT
    return { failures: report.failures, fault: isReport ? messageOf(error) : null }
  }
  return { failures: report.failures, fault: null }
}

const NO_REPORT = new Error('the root is no testsuite')

/** The elements around the one that is read, with what is of use of their attributes. */
interface Open {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

function reportReader() {
  const failures: Remark[] = []
  const path: Open[] = []
  let text = ''
  let isBegun = false

  function open({ name, attributes }: SaxesTagPlain): void {
    if (path.length === 0 && !ROOTS.has(name)) throw NO_REPORT
    if (path.length === DEEPEST) throw new Error(`elements are nested more than ${DEEPEST} deep`)
    isBegun = true
    path.push({ name, attributes })
    text = ''
  }

  function close(): void {
    const element = path.pop()
    const parent = path.at(-1)
    if (element !== undefined && parent?.name === 'testcase' && BAD.has(element.name))
      failures.push(remarkOf(element, parent, path, text))
    text = ''
  }

  return {
    failures,
    open,
    close,
    text(more: string) {
      if (text.length < MOST_TEXT) text += more.slice(0, MOST_TEXT)
    },
    isBegun: () => isBegun,
  }
}

const ROOTS: ReadonlySet<string> = new Set(['testsuites', 'testsuite'])
const BAD: ReadonlySet<string> = new Set(['failure', 'error'])

function remarkOf({ name, attributes }: Open, test: Open, path: readonly Open[], text: string): Remark {
  const said = (attributes['message'] ?? '').trim()
  const details = text.trim()
  const file = [test, ...path.toReversed()].map((open) => open.attributes['file']).find(Boolean) ?? null
  const title = [test.attributes['classname'], test.attributes['name']].filter(Boolean).join(' › ')
  const line = test.attributes['line'] ?? test.attributes['lineno'] ?? ''
  return {
    level: 'failure',
    path: file,
    line: /^\d{1,10}$/.test(line) ? Number(line) : null,
    endLine: null,
    startColumn: null,
    endColumn: null,
    title: title === '' ? null : title,
    message: said || details.split('\n')[0] || attributes['type'] || `the test ended as ${name}`,
    details: details === '' || details === said ? null : details,
  }
}
