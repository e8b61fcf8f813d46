import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { EXIT } from '../../src/errors.ts'
import { MECHANISMS } from '../../src/model/mechanisms.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const page = readFileSync(`${ROOT}/docs/operations.md`, 'utf8')

test('R-Q-05 docs/operations.md has every switch, in the words of the pages, and no other; the schema points to it', () => {
  const rows = [...page.matchAll(/^\| `(\w+)` \| ([A-Z].*\.) \|$/gm)].map(([, name, text]) => [name, text])
  expect(rows).toEqual(Object.entries(MECHANISMS))
  const schema = readFileSync(`${ROOT}/docs/berth.schema.json`, 'utf8')
  expect(JSON.parse(schema).properties.switchedOff.items.enum).toEqual(Object.keys(MECHANISMS))
  expect(JSON.parse(schema).properties.switchedOff.description).toContain('docs/operations.md')
  expect(readFileSync(`${ROOT}/README.md`, 'utf8')).toContain('(docs/operations.md)')
})

test('R-Q-05 what it says of exit codes is so', () => {
  expect(page).toContain(`\`berth serve\` ends with ${EXIT.badInput}.`)
  expect(page).toContain(`the service ends with ${EXIT.harness} and their names`)
})
