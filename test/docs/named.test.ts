import { globSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const sources = globSync('test/**/*.test.ts', { cwd: ROOT })
  .map((file) => readFileSync(`${ROOT}/${file}`, 'utf8'))
  .join('\n')

/** The last cell of a table's row, where it is a code span, and spans that are a test's name by their requirement. */
const NAMED = /\| (?:`` ((?:(?! \| ).)+) ``|`([^`]+)`) \|$|`(R-[A-Z]+-\d\d [^`]+)`/gm

function namesIn(page: string): readonly string[] {
  const text = readFileSync(`${ROOT}/docs/${page}`, 'utf8')
  return [...text.matchAll(NAMED)].map(([, double, single, inside]) => double ?? single ?? inside ?? '')
}

test('every test that docs/pull-requests.md names is there', () => {
  const names = namesIn('pull-requests.md').filter((name) => name.startsWith('R-'))
  expect(names).toHaveLength(22)
  expect(names.filter((name) => !sources.includes(name))).toEqual([])
})

test('docs/limits.md has each limit of the configuration with its default, and each code', () => {
  const text = readFileSync(`${ROOT}/docs/limits.md`, 'utf8')
  const schema = JSON.parse(readFileSync(`${ROOT}/docs/berth.schema.json`, 'utf8'))
  const limits: Readonly<Record<string, { readonly default?: number }>> = schema.properties.limits.properties
  const lines = Object.entries(limits).map(
    ([name, { default: value }]) => `      ${name}: ${value ?? '1h'}\n`,
  )
  expect(lines).toHaveLength(6)
  expect(lines.filter((line) => !text.includes(line))).toEqual([])
  for (const code of ['rate_limited', 'command_loop', 'crash_loop']) expect(text).toContain(`\`${code}\``)
})
