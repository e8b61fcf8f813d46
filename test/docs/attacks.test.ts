import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const ROOT = new URL('../../', import.meta.url)
const fileAt = (path: string) => readFileSync(new URL(path, ROOT), 'utf8')

/** A link to a file of tests, and the name of one as a code span. */
const NAMED = /\]\(\.\.\/(test[^)]*\.test\.ts)\) (?:`` ((?:(?! ``).)+) ``|`([^`]+)`)/g

/** The rows of all tables, without their heads. */
const ROW = /^\| (?!tried|---).*\|$/gm

test('every test that docs/attacks.md names is in the file that it is named with, and each row has one', () => {
  const page = fileAt('docs/attacks.md')
  const named = [...page.matchAll(NAMED)].map(([, file = '', double, single]) => ({
    file,
    name: double ?? single ?? '',
  }))
  expect(named.length).toBeGreaterThan(60)
  expect(named.filter(({ file, name }) => !isTestIn(fileAt(file), name))).toEqual([])
  const bare = [...page.matchAll(ROW)].filter(
    ([row]) => !row.endsWith('| the same |') && row.match(NAMED) === null,
  )
  expect(bare.map(([row]) => row)).toEqual([])
})

/** The whole name of a test, as the code has it. */
function isTestIn(code: string, name: string): boolean {
  return ["'", '"', '`'].some(
    (quote) => code.includes(`${quote}${name}${quote}, `) || code.includes(`${quote}${name}${quote},\n`),
  )
}
