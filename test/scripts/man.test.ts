import { spawnSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const ROOT = join(import.meta.dirname, '../..')
const PAGE = 'docs/berth.1'

function run(command: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: ROOT, encoding: 'utf8' })
  return { status, said: `${stdout}${stderr}` }
}

test('R-OBS-05 the manual is what the table of commands makes, and npm installs it', () => {
  expect(run(process.execPath, 'scripts/man.ts', '--check')).toEqual({ status: 0, said: '' })
  const { man }: { man?: unknown } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'))
  expect(man).toBe(PAGE)
})

test.each([
  ['mandoc', '-Tlint', PAGE],
  ['groff', '-mdoc', '-ww', '-z', PAGE],
])('R-OBS-05 %s finds nothing in the manual', (command, ...args) => {
  if (!existsSync(`/usr/bin/${command}`)) return
  expect(run(command, ...args)).toEqual({ status: 0, said: '' })
})
