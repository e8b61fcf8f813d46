import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const page = (name: string) => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8')

/** The last cell of a table's row, where it is a code span. */
const NAMED = /\| (?:`` ((?:(?! \| ).)+) ``|`([^`]+)`) \|$/gm

test('every test that docs/others.md names is one that docs/requirements.md has', () => {
  const requirements = page('requirements.md')
  const names = [...page('others.md').matchAll(NAMED)].map(([, double, single]) => double ?? single ?? '')
  expect(names).toHaveLength(15)
  expect(names.filter((name) => !requirements.includes(name))).toEqual([])
})
