import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

test('the JSON schemas in docs say what berth itself holds recipes and berth.yml against', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/schema.ts', '--check'], {
    cwd: ROOT,
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

test.each(['recipe', 'berth'])('the schema of %s refuses unknown keys and explains known ones', (name) => {
  const schema: unknown = JSON.parse(readFileSync(`${ROOT}/docs/${name}.schema.json`, 'utf8'))
  expect(schema).toMatchObject({ additionalProperties: false, properties: expect.any(Object) })
  expect(JSON.stringify(schema)).toContain('"description":"')
})
