import { execFileSync, spawn } from 'node:child_process'
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lineOutput } from '../../src/process/lineOutput.ts'

test('R-OBS-01 R-QUE-11 what cannot be written is lost, and nothing else comes of it', () => {
  const full = openSync('/dev/full', 'w')
  onTestFinished(() => closeSync(full))
  const output = lineOutput(full)
  for (let count = 0; count < 3; count += 1) output.write('a line\n')
  const closed = openSync('/dev/null', 'w')
  closeSync(closed)
  lineOutput(closed).write('a line\n')
})

test('R-OBS-01 a reader that is away for a while loses the rest of a line at most, and the next one begins at the beginning', () => {
  const { reader, writer } = pipe()
  const output = lineOutput(writer)
  const long = `${'x'.repeat(200_000)}\n`
  output.write(long)
  const held = drain(reader)
  expect(long.startsWith(held)).toBe(true)
  expect(held.length, 'what a pipe holds').toBeLessThan(long.length)
  output.write('short\n')
  expect(drain(reader)).toBe('\nshort\n')
})

test('R-OBS-01 a reader that is only slow gets every byte, in order', async () => {
  const { path, writer } = pipe()
  const script = `setTimeout(() => process.stdin.on('data', (part) => (n += part.length)), 100); let n = 0; process.stdin.on('end', () => console.log(n))`
  const slow = spawn('sh', ['-c', `exec "$0" -e "$1" <"$2"`, process.execPath, script, path])
  const said = new Promise<string>((resolve) => slow.stdout.once('data', (part) => resolve(String(part))))
  const output = lineOutput(writer)
  for (let count = 0; count < 10; count += 1) output.write(`${'x'.repeat(99_999)}\n`)
  closeAll()
  expect(Number(await said)).toBe(1_000_000)
})

const open: number[] = []

function closeAll(): void {
  for (const fd of open.splice(0)) closeSync(fd)
}

/** Both ends do not block, as a pipe that Node itself has opened. */
function pipe() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-lines-'))
  const path = join(folder, 'pipe')
  execFileSync('mkfifo', [path])
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
  const writer = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
  open.push(reader, writer)
  onTestFinished(() => {
    closeAll()
    rmSync(folder, { recursive: true })
  })
  return { path, reader, writer }
}

function drain(reader: number): string {
  const bytes = Buffer.alloc(1_000_000)
  return bytes.toString('utf8', 0, readSync(reader, bytes))
}
