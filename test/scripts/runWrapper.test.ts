import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'

const WRAPPER = fileURLToPath(new URL('../../scripts/run-wrapper', import.meta.url))

/** The wrapper in a shell, with a shell script for its run process. */
function startWrapper(runProcess: string, before = '') {
  const folder = mkdtempSync(join(tmpdir(), 'berth-wrapper-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const script = join(folder, 'run-process')
  writeFileSync(script, runProcess)
  const words = ['-c', `${before}\n. '${WRAPPER}'`, 'sh', '/bin/sh', script, folder, 'a.example', '-']
  const child = spawn('/bin/sh', words, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  return { folder, child, ended: once(child, 'exit') }
}

/** As if the kernel had given the pid of the ended run process to another process, which lives on. */
const PID_LIVES_ON = 'kill() { [ "$1" = -0 ] || command kill "$@"; }'

test.each([
  ['its work is done', 'exit 0', 0],
  ['another process conducts the run', 'exit 75', 75],
])(
  'R-RUN-11 when %s the wrapper ends, whoever has the pid of its run process by then',
  { timeout: 10_000 },
  async (_when, runProcess, code) => {
    const { ended } = startWrapper(runProcess, PID_LIVES_ON)
    expect(await ended).toEqual([code, null])
  },
)

test('R-RUN-08 a signal is passed on, and does not end the wrapper before its run process', async () => {
  const { folder, child, ended } = startWrapper(
    'trap "echo heard; read -r _ <\\"$1/go\\"; exit 0" TERM; mkfifo "$1/go"; echo ready; while :; do sleep 1; done',
  )
  await once(child.stdout, 'data')
  child.kill('SIGTERM')
  await once(child.stdout, 'data')
  expect(child.exitCode).toBe(null)
  writeFileSync(join(folder, 'go'), '\n')
  expect(await ended).toEqual([0, null])
  expect(readFileSync(join(folder, 'signals'), 'utf8')).toBe('TERM\n')
})

test('R-RUN-08 a run process that dies before its work is done is started again, four times in all', async () => {
  const { folder, ended } = startWrapper('echo "$3" >>"$1/attempts"; kill -s KILL $$')
  expect(await ended).toEqual([137, null])
  expect(readFileSync(join(folder, 'attempts'), 'utf8')).toBe('-\n'.repeat(4))
})
