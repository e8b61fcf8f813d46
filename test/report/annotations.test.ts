import { expect, test } from 'vitest'
import { LEVELS, type Remark } from '../../src/model/annotation.ts'
import { remarkOfLine } from '../../src/model/annotationLine.ts'
import { collectorIn, readAnnotations } from '../../src/model/annotations.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import { workflowCommandReader } from '../../src/model/workflowCommands.ts'
import { checkBody } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { CREATE_CHECK_RUN } from '../../src/sandbox/github/api/checkRules.ts'
import { testReportOf } from '../../src/store/annotations/junit.ts'
import { randomOf } from '../model/randomOf.ts'
import { aRow, PASSED } from '../store/samples.ts'

/** What GitHub refuses would leave the check in progress: the stand-in's rules are GitHub's documented ones, and share nothing with ours. */
test('R-REP-08 R-Q-08 whatever stages say, by whichever way, and whatever a file says that was meddled with, GitHub takes the check', () => {
  const random = randomOf(11)
  for (let round = 0; round < 150; round += 1) {
    const { add, fault, all } = collectorIn(random(2) === 0 ? '/w' : '')
    for (const remark of remarksIn(random)) add(remark)
    for (let count = random(4); count > 0; count -= 1) fault(evilText(random))
    const annotations = readAnnotations(meddled(JSON.parse(JSON.stringify(all())), random))
    const row = aRow('r1', { state: 'concluded', startedAtMs: 1_000, concludedAtMs: 2_000, verdict: PASSED })
    const body = checkBody(row, EMPTY_JOURNAL, { ...NO_EXTRAS, annotations })
    const taken = CREATE_CHECK_RUN.safeParse(JSON.parse(JSON.stringify(body)))
    expect(taken.error?.issues ?? [], `round ${round}`).toEqual([])
    expect(Buffer.byteLength(body.output?.summary ?? '')).toBeLessThanOrEqual(65_535)
    const texts = (body.output?.annotations ?? []).flatMap(({ path, title, message, raw_details }) => [
      path,
      title,
      message,
      raw_details,
    ])
    for (const text of texts)
      expect(text ?? '').not.toMatch(/[^\P{C}\n\t\u{e000}-\u{f8ff}\ufff0-\uffff]|\ud83d$/u)
  }
})

test('a remark without a place never reaches GitHub’s list, whatever its file says', () => {
  const { add, all } = collectorIn('/w')
  add({ ...BLANK, level: 'notice', path: 'a.ts', message: 'm' })
  const forged = { ...all(), placed: [{ ...all().placed[0], path: '../../x' }] }
  expect(readAnnotations(JSON.parse(JSON.stringify(forged))).placed).toEqual([])
})

const BLANK = { line: null, endLine: null, startColumn: null, endColumn: null, title: null, details: null }
const PIECES = [
  'a',
  '/',
  '..',
  '.',
  '\n',
  '\r',
  '\u0000',
  '\u001b[31m',
  '\u202e',
  '\u200b',
  '`',
  '|',
  '<b>',
  '@x',
  '%0A',
  '%3A',
  '::',
  ',',
  '=',
  '"',
  '\\',
  '\ud83d',
  '\u{1F6A2}',
  'é',
  ' ',
  '&lt;',
  ']]>',
  'x'.repeat(300),
  '\u{1F6A2}'.repeat(200),
]
const NUMBERS = [0, 1, 2, 3, -1, 1.5, 2 ** 31, 2 ** 53, Number.NaN, 7]

function evilText(random: (below: number) => number): string {
  return Array.from({ length: random(9) }, () => PIECES[random(PIECES.length)]).join('')
}

function remarksIn(random: (below: number) => number): readonly Remark[] {
  const commands = workflowCommandReader()
  return Array.from({ length: random(90) }, () => {
    const number = () => (random(3) === 0 ? null : (NUMBERS[random(NUMBERS.length)] ?? null))
    const text = () => evilText(random)
    const level = LEVELS[random(3)] ?? 'notice'
    const place = { line: number(), endLine: number(), startColumn: number(), endColumn: number() }
    const remark = {
      ...place,
      level,
      path: random(4) === 0 ? null : text(),
      title: text(),
      message: text(),
      details: text(),
    }
    if (random(4) === 0)
      return commands(`::error file=${text()},line=${number()},col=${number()},title=${text()}::${text()}`)
    if (random(4) === 0) return triedLine(remark)
    if (random(4) === 0)
      return (
        testReportOf(
          `<testsuite><testcase name="${text()}" file="${text()}"><failure>${text()}</failure></testcase></testsuite>`,
        ).failures[0] ?? null
      )
    return remark
  }).filter((remark) => remark !== null)
}

function triedLine({ details: _details, ...line }: Remark): Remark | null {
  try {
    return remarkOfLine(JSON.stringify(line))
  } catch {
    return null
  }
}

/** As a stage of the same user could change the file. */
function meddled(file: { placed: Record<string, unknown>[] }, random: (below: number) => number): unknown {
  for (const one of file.placed) {
    if (random(3) > 0) continue
    one['path'] = evilText(random)
    one['line'] = NUMBERS[random(6)]
    one['endColumn'] = random(5)
    one['message'] = evilText(random)
  }
  return file
}
