import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makePipe } from '../../src/lock/syscalls.ts'
import { cutFile, openLogSink } from '../../src/process/logSink.ts'

const MIB = 1024 * 1024

test('R-RUN-21 when a stage has ended, the end of its flood is in the file, below the word of what was cut', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-log-'))
  const path = join(folder, '01-up.log')
  const { readFd, writeFd } = makePipe()
  const sink = openLogSink(path, readFd)
  onTestFinished(() => {
    sink.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const flood = `head -c ${20 * MIB} /dev/zero; echo the reason`
  const stage = spawn('sh', ['-c', flood], { stdio: ['ignore', writeFd, 'ignore'] })
  closeSync(writeFd)
  await once(stage, 'exit')
  sink.drain()
  const text = readFileSync(path, 'latin1')
  expect(text.endsWith('the reason\n')).toBe(true)
  expect(text).toMatch(/\[berth: \d+ bytes of output were cut here\]/)
  expect(text.length).toBeLessThan(10 * MIB)
})

test('R-RUN-21 whatever pieces a flood comes in, its end is kept byte by byte, and what was cut is counted', () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-log-'))
  const path = join(folder, '01-up.log')
  const fd = openSync(path, 'w')
  onTestFinished(() => {
    closeSync(fd)
    rmSync(folder, { recursive: true, force: true })
  })
  const file = cutFile(fd)
  const sizes = [1, 65_536, 3, 1000, 65_535, 7, 2 * MIB]
  const all = Buffer.alloc(21 * MIB, '0123456789abcdefghijklmnopqrstuvw')
  for (let [at, turn] = [0, 0]; at < all.length; turn += 1) {
    const part = all.subarray(at, at + (sizes[turn % sizes.length] ?? 1))
    file.write(part)
    at += part.length
  }
  file.flush()
  const bytes = readFileSync(path)
  expect(bytes.subarray(0, 8 * MIB).equals(all.subarray(0, 8 * MIB))).toBe(true)
  expect(bytes.subarray(-MIB).equals(all.subarray(-MIB))).toBe(true)
  expect(bytes.subarray(8 * MIB, -MIB).toString()).toBe(
    `\n[berth: ${12 * MIB} bytes of output were cut here]\n`,
  )
})
