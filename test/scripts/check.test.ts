import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const CHECK = fileURLToPath(new URL('../../scripts/check.ts', import.meta.url))
const { scripts } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
const FIVE = { types: 'true', lint: 'true', format: 'true', dead: 'true', requirements: 'true' }

test('the checks are green when each of them is, and all are run when one is not', () => {
  expect(checked(FIVE)).toMatchObject({ status: 0, stdout: '', stderr: '' })
  const red = {
    ...FIVE,
    types: 'echo a type is wrong; exit 2',
    format: 'echo a line is too long >&2; exit 1',
    requirements: 'echo all are there',
  }
  const { status, stdout, stderr } = checked(red)
  expect(status).toBe(1)
  expect(stdout.trim().split('\n').toSorted()).toEqual([
    'a line is too long',
    'a type is wrong',
    'all are there',
  ])
  expect(stderr).toBe('failed: types, format\n')
})

test('each check that is run is there', () => {
  expect(scripts).toMatchObject(
    Object.fromEntries(Object.keys(FIVE).map((name) => [name, expect.any(String)])),
  )
  expect(checked({}).stderr).toBe('failed: types, dead, format, lint, requirements\n')
})

function checked(commands: Readonly<Record<string, string>>) {
  const folder = mkdtempSync(join(tmpdir(), 'berth-check-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ scripts: commands }))
  return spawnSync(process.execPath, [CHECK], { cwd: folder, encoding: 'utf8' })
}
