import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { allowSchema } from '../../src/recipes/allow.ts'
import * as hostile from '../model/enginePolicy/hostile.ts'
import { hostileRow } from './enginePolicyRows.ts'

const page = readFileSync(new URL('../../docs/engine-policy.md', import.meta.url), 'utf8')

test('R-DKR-15 docs/engine-policy.md has a row for each thing that is tried, and none that nobody tries', () => {
  const rows = Object.values(hostile).flat().map(hostileRow)
  expect(rows.length).toBeGreaterThan(100)
  expect(rows.filter((row) => !page.includes(`\n${row}\n`))).toEqual([])
  const written = [...page.matchAll(/^\| .* \| `[^`]+` \| .* \|$/gm)].map(([row]) => row)
  expect(written.filter((row) => !rows.includes(row))).toEqual([])
})

test('R-DKR-15 docs/engine-policy.md says what each line of allow loosens', () => {
  const lines = Object.entries(allowSchema.shape).map(([key, field]) => `- \`${key}\`: ${field.description}`)
  expect(lines.filter((line) => !page.includes(`${line}\n`))).toEqual([])
})
