import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { makePipe } from '../../src/lock/syscalls.ts'
import { openLogSink } from '../../src/process/logSink.ts'

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
