import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { createContainment } from '../../src/process/containment.ts'

const NOBODY = { reaper: null, uid: null }
const GRACE_MS = 5_000

test('R-RUN-07 the last word of a teardown finds what carries the run’s mark, and nothing of another run', async () => {
  const [ours, theirs] = await Promise.all([marked('containment-ours'), marked('containment-theirs')])
  const ended = once(ours, 'exit')
  const containment = createContainment('containment-ours', NOBODY)
  expect(await containment.endAll([], GRACE_MS)).toEqual({ ended: 1, left: [] })
  expect(await ended).toEqual([null, 'SIGTERM'])
  expect(theirs.signalCode).toBe(null)
  expect(await containment.endAll([], GRACE_MS)).toEqual({ ended: 0, left: [] })
})

test('R-RUN-07 what ignores the last word’s TERM is killed', async () => {
  const deaf = await marked('containment-deaf', "trap '' TERM; echo deaf; while :; do sleep 60; done")
  await once(deaf.stdout, 'data')
  const ended = once(deaf, 'exit')
  const { left } = await createContainment('containment-deaf', NOBODY).endAll([], 1)
  expect(left).toEqual([])
  expect(await ended).toEqual([null, 'SIGKILL'])
})

/** A process in a session of its own, as a daemon of a stage would be. */
async function marked(run: string, script = 'exec sleep 60') {
  const child = spawn('/bin/sh', ['-c', script], {
    detached: true,
    env: { PATH: process.env['PATH'], BERTH_RUN_ID: run },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child, 'spawn')
  return child
}
