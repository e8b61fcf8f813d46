import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hasTool } from '../hasTool.ts'

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

test.skipIf(!hasTool('mandoc', '-l', '/dev/null'))('R-OBS-05 mandoc finds nothing in the manual', () => {
  expect(run('mandoc', '-Tlint', PAGE)).toEqual({ status: 0, said: '' })
})

test.skipIf(!hasTool('groff'))('R-OBS-05 groff finds nothing in the manual', () => {
  expect(run('groff', '-mdoc', '-ww', '-z', PAGE)).toEqual({ status: 0, said: '' })
})
