import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { PAGE, pageWith } from '../../scripts/mutants/page.ts'
import { staleMutants } from '../../scripts/mutants/tree.ts'
import { MUTANTS } from '../../test-concurrency/mutants/all.ts'

const REPOSITORY = fileURLToPath(new URL('../..', import.meta.url))
const ALL = Object.values(MUTANTS).flat()

test('R-Q-06 what each mutant replaces stands just once in its file, and its test’s file is there', () => {
  expect(staleMutants(REPOSITORY, ALL)).toEqual([])
  expect(ALL.filter(({ test }) => !existsSync(join(REPOSITORY, test.file)))).toEqual([])
})

test('R-Q-06 a text that stands in its file more than once, or not at all, is named; so is a mutant that stands twice', () => {
  const [one] = ALL
  if (one === undefined) throw new Error('there are no mutants')
  const stale = { ...one, edits: [{ file: 'package.json', find: '"', replace: '' }] }
  const gone = { ...one, rule: 'other', edits: [{ file: 'package.json', find: 'not there', replace: '' }] }
  expect(staleMutants(REPOSITORY, [stale, gone, gone])).toEqual([
    'other: stands twice in the table',
    expect.stringMatching(/^compare-after-lock: "\\"" stands \d+ times in package.json$/),
    'other: "not there" stands 0 times in package.json',
    'other: "not there" stands 0 times in package.json',
  ])
})

test('R-Q-06 the page shows the mutants as they are', () => {
  const page = readFileSync(join(REPOSITORY, PAGE), 'utf8')
  expect(pageWith(page, MUTANTS), 'run: npm run test:mutants -- --page').toBe(page)
})
