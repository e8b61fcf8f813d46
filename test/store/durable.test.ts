import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { createOnce, replaceFile } from '../../src/store/durable.ts'

const DURABLE = fileURLToPath(new URL('../../src/store/durable.ts', import.meta.url))

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'berth-durable-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

/** Writes more than the kernel lets the process write to one file: in the middle the kernel says no, or ends it. */
function writeTooMuch(write: string, path: string): void {
  const program = `import { ${write} } from ${JSON.stringify(DURABLE)}; ${write}(process.argv[1], 'x'.repeat(100_000))`
  const words = ['-c', 'ulimit -f 8; exec "$@"', 'sh', process.execPath, '--input-type=module', '-e', program]
  const { status, signal } = spawnSync('sh', [...words, path], { encoding: 'utf8' })
  expect([status, signal], 'it cannot write that much').not.toEqual([0, null])
}

test('R-RUN-14 R-RUN-01 what cannot be written whole is not there at all, and leaves what was there', () => {
  const root = folder()
  writeTooMuch('createOnce', join(root, 'once'))
  expect(readdirSync(root).filter((name) => !name.startsWith('.'))).toEqual([])
  replaceFile(join(root, 'replaced'), 'old\n')
  writeTooMuch('replaceFile', join(root, 'replaced'))
  expect(readFileSync(join(root, 'replaced'), 'utf8')).toBe('old\n')
})

test('R-RUN-14 R-RUN-22 what was written first stands, and the second writer hears of it', () => {
  const path = join(folder(), 'result.json')
  expect([createOnce(path, 'first\n'), createOnce(path, 'second\n')]).toEqual([true, false])
  expect(readFileSync(path, 'utf8')).toBe('first\n')
})
