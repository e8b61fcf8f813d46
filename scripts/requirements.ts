/**
 * Keeps the map of requirements and tests in docs/requirements.md of the folder it is started in: below each id, the tests whose
 * names begin with it.
 * usage: node scripts/requirements.ts [--check]     without --check the page is rewritten
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const PAGE = 'docs/requirements.md'
const FOLDERS = ['test', 'test-concurrency', 'test-docker']

/** A suite that several tests run is one, too. */
const IS_TEST = /\.test\.ts$|^store\/contract(?:\.ts|\/)/
/** A line of the page that states a requirement. */
const STATED = /^- \*\*(R-[A-Z]+-\d+)\*\* /
/** A line of the page that this script has written. */
const WRITTEN = /^ {2}- /
const SUMMARY = /^Proved by a test:.*$/
/** The name of a test or a group of tests that begins with ids: the ids, then the rest. */
const NAME = /\(\s*(['"`])((?:R-[A-Z]+-\d+[ ,:]+)+)((?:\\.|(?!\1)[^\\])*)\1/g

interface Test {
  readonly ids: readonly string[]
  readonly file: string
  readonly name: string
}

const page = readFileSync(PAGE, 'utf8')
const tests = FOLDERS.flatMap(testFiles).flatMap(testsIn)
const faults = check(page, tests)
const wanted = mapped(page, tests)
if (process.argv.includes('--check') && wanted !== page)
  faults.push(`${PAGE}: not up to date; run: node scripts/requirements.ts`)
else if (wanted !== page) writeFileSync(PAGE, wanted)
for (const fault of faults) console.error(fault)
process.exitCode = faults.length === 0 ? 0 : 1

function testFiles(folder: string): readonly string[] {
  try {
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    return files
      .filter((file) => IS_TEST.test(file))
      .map((file) => join(folder, file))
      .sort()
  } catch {
    return []
  }
}

function testsIn(file: string): readonly Test[] {
  return [...readFileSync(file, 'utf8').matchAll(NAME)].map(([, , ids = '', name = '']) => {
    return {
      ids: ids.match(/R-[A-Z]+-\d+/g) ?? [],
      file,
      name: name.replaceAll(/\\(['"`\\])/g, '$1').replaceAll(/\s+/g, ' '),
    }
  })
}

function check(page: string, tests: readonly Test[]): string[] {
  const ids = statedIn(page)
  const repeated = ids
    .filter((id, index) => ids.indexOf(id) < index)
    .map((id) => `${PAGE}: ${id} is stated twice`)
  const unknown = tests.flatMap(({ ids: named, file, name }) =>
    named
      .filter((id) => !ids.includes(id))
      .map((id) => `${file}: "${name}": there is no requirement ${id} in ${PAGE}`),
  )
  return [...repeated, ...unknown]
}

function statedIn(page: string): readonly string[] {
  return page.split('\n').flatMap((line) => STATED.exec(line)?.[1] ?? [])
}

/** The page with its lists of tests, and the count of what is proved, as they are now. */
function mapped(page: string, tests: readonly Test[]): string {
  const ids = statedIn(page)
  const proved = ids.filter((id) => tests.some((test) => test.ids.includes(id)))
  const lines = page.split('\n').filter((line) => !WRITTEN.test(line))
  return lines
    .flatMap((line) => {
      const id = STATED.exec(line)?.[1]
      if (id === undefined)
        return line.replace(SUMMARY, `Proved by a test: ${proved.length} of ${ids.length}.`)
      const proofs = tests.filter((test) => test.ids.includes(id)).map(lineOf)
      return [line].concat(proofs.length === 0 ? '  - no test yet' : [...new Set(proofs)])
    })
    .join('\n')
}

function lineOf({ file, name }: Test): string {
  return `  - ${file}: ${inCode(name)}`
}

/** A name can hold any Markdown, so it stands as code, between more backticks than it has in a row itself. */
function inCode(text: string): string {
  const longest = Math.max(0, ...[...text.matchAll(/`+/g)].map(([run]) => run.length))
  const ticks = '`'.repeat(longest + 1)
  return longest === 0 ? `${ticks}${text}${ticks}` : `${ticks} ${text} ${ticks}`
}
