import { spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const PAGE = 'docs/observability.md'

function start(cwd: string, ...args: readonly string[]) {
  return spawnSync(process.execPath, [join(ROOT, 'scripts/observability.ts'), ...args], {
    cwd,
    encoding: 'utf8',
  })
}

test('R-OBS-01 R-OBS-02 docs/observability.md has the events, fields, metrics and attributes that there are', () => {
  expect(start(ROOT, '--check')).toMatchObject({ stderr: '', status: 0 })
})

test('R-OBS-01 a page that says anything else is a fault, and is put right without --check', () => {
  const root = mkdtempSync(join(tmpdir(), 'berth-observability-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  mkdirSync(join(root, 'docs'))
  cpSync(join(ROOT, PAGE), join(root, PAGE))
  const page = readFileSync(join(root, PAGE), 'utf8')
  writeFileSync(join(root, PAGE), page.replace('| `run.locked` |', '| `run.unlocked` |'))
  expect(start(root, '--check')).toMatchObject({
    status: 1,
    stderr: expect.stringContaining('not up to date; run: node scripts/observability.ts'),
  })
  expect(start(root).status).toBe(0)
  expect(readFileSync(join(root, PAGE), 'utf8')).toBe(page)
  writeFileSync(join(root, PAGE), page.replace('<!-- /metrics -->', ''))
  expect(start(root).stderr).toContain('has no place between <!-- metrics --> and <!-- /metrics -->')
})
