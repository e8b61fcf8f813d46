import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { openStore } from '../../src/store/sqlite.ts'

const HERE = fileURLToPath(new URL('.', import.meta.url))
const contract = globSync(['contract.ts', 'contract/*.ts'], { cwd: HERE }).map((file) =>
  readFileSync(`${HERE}/${file}`, 'utf8'),
)

test('R-QUE-08 the contract calls each method of the port', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-port-'))
  const store = await openStore(join(folder, 'berth.db'))
  const methods = Object.keys(store)
  await store.close()
  rmSync(folder, { recursive: true })
  expect(methods.length).toBeGreaterThan(50)
  // Whoever opens a store closes it: that is no test's subject, and every test's end.
  const uncalled = methods.filter(
    (method) => method !== 'close' && !contract.some((text) => text.includes(`.${method}(`)),
  )
  expect(uncalled).toEqual([])
})

test('R-QUE-08 the contract knows the model, and nothing of what a store is made of', () => {
  expect(contract.length).toBeGreaterThan(5)
  const imported = contract.flatMap((text) =>
    [...text.matchAll(/from '([^']+)'/g)].map(([, from = '']) => from),
  )
  const known = /^(vitest|(\.\.\/)+src\/model\/\w+\.ts|\.\/contract\/\w+\.ts|\.\/\w+\.ts|\.\.\/samples\.ts)$/
  expect(imported.filter((from) => !known.test(from))).toEqual([])
  const ofSql = (text: string) => /sqlite|rowid/i.test(text) || /\b(?:SELECT|UPDATE|PRAGMA)\b/.test(text)
  expect(contract.filter(ofSql)).toEqual([])
})

test('R-QUE-08 the port says nothing of what a store is made of', () => {
  const port = ['ports', 'report', 'alarm', 'order'].map((file) =>
    readFileSync(fileURLToPath(new URL(`../../src/model/${file}.ts`, import.meta.url)), 'utf8'),
  )
  const code = port.join('\n').replaceAll(/\/\*\*[\s\S]*?\*\//g, '')
  expect(code).not.toMatch(/sqlite|statement|connection|bigint|rowid|data_version|Buffer|\bsync\b/i)
})
