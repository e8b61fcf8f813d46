import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { createContainment } from '../../src/process/containment.ts'
import { zooTable } from '../../test-concurrency/fixtures/zoo.ts'

const PAGE = new URL('../../docs/containment.md', import.meta.url)

const NOBODY = { reaper: null, uid: null }
const GRACE_MS = 5_000
const BY_MARK = { kind: 'sweep', count: 1 }
const NOBODY_ENDED = { asked: new Set(), killed: new Set() }

test('R-RUN-07 the last word of a teardown finds what carries the run’s mark, and nothing of another run', async () => {
  const [ours, theirs] = await Promise.all([marked('containment-ours'), marked('containment-theirs')])
  const ended = once(ours, 'exit')
  const containment = await createContainment('containment-ours', NOBODY)
  expect(await containment.endAll([], GRACE_MS)).toMatchObject({
    asked: new Set([ours.pid]),
    killed: new Set(),
    proofs: [BY_MARK],
    left: [],
  })
  expect(await ended).toEqual([null, 'SIGTERM'])
  expect(theirs.signalCode).toBe(null)
  expect(await containment.endAll([], GRACE_MS)).toMatchObject({
    ...NOBODY_ENDED,
    proofs: [BY_MARK],
    left: [],
  })
})

test('R-RUN-07 what ignores the last word’s TERM is killed', async () => {
  const deaf = await marked('containment-deaf', DEAF)
  await once(deaf.stdout, 'data')
  const ended = once(deaf, 'exit')
  const end = await (await createContainment('containment-deaf', NOBODY)).endAll([], 1)
  const all = new Set([deaf.pid])
  expect(end).toMatchObject({ asked: all, killed: all, proofs: [BY_MARK], left: [] })
  expect(await ended).toEqual([null, 'SIGKILL'])
})

test('R-RUN-07 R-QUE-13 what several stages have left shares one grace, however deaf it is', {
  timeout: 30_000,
}, async () => {
  const containment = await createContainment('containment-many', NOBODY)
  const stages = ['one', 'two', 'three', 'four']
  const parts = stages.map((stage) => containment.make(stage))
  const deaf = await Promise.all(
    parts.map((part, index) => {
      const stage = stages[index] ?? ''
      const [file = '', ...words] = containment.command(part, '/', ['/bin/sh', '-c', DEAF])
      return heard(spawnMarked('containment-many', stage, file, words))
    }),
  )
  // Longer than the kernel takes to end a namespace, some 1.6 s on a small machine: what the bound counts is graces.
  const graceMs = 3_000
  const startedAt = performance.now()
  const end = await containment.endAll(parts, graceMs)
  expect(end.left).toEqual([])
  // Where a namespace keeps them together, what was spawned is the parent of what is deaf, and obeys.
  expect(deaf.filter(({ pid }) => !end.asked.has(pid ?? 0))).toEqual([])
  expect([...end.killed].filter((pid) => !end.asked.has(pid))).toEqual([])
  expect(end.killed.size).toBe(stages.length)
  expect(end.tookMs).toBeGreaterThan(graceMs)
  expect(performance.now() - startedAt).toBeLessThan(2 * graceMs)
})

/** A signal that is ignored stays so over exec(2): one process, which ends by KILL only. */
const DEAF = "trap '' TERM; echo deaf; exec sleep 60"

async function heard(child: ReturnType<typeof spawnMarked>) {
  await once(child.stdout, 'data')
  return child
}

test('R-RUN-07 what is stopped hears TERM, and has its grace to end by itself', async () => {
  const script =
    "trap 'echo asked; sleep 0.2; exit 7' TERM; echo stops; kill -STOP $$; while :; do sleep 60; done"
  const stopped = await marked('containment-stopped', script)
  await once(stopped.stdout, 'data')
  const ended = once(stopped, 'exit')
  const { left } = await (await createContainment('containment-stopped', NOBODY)).endAll([], GRACE_MS)
  expect(left).toEqual([])
  expect(await ended).toEqual([7, null])
})

test('the page says of each kind what the zoo tries (R-RUN-07, case 35)', () => {
  expect(readFileSync(PAGE, 'utf8')).toContain(`\n\n${zooTable()}\n\n`)
})

/** A process in a session of its own, as a daemon of a stage would be. */
async function marked(run: string, script = 'exec sleep 60') {
  const child = spawnMarked(run, '', '/bin/sh', ['-c', script])
  await once(child, 'spawn')
  return child
}

function spawnMarked(run: string, stage: string, file: string, words: readonly string[]) {
  // On 3 a command says that it is where it belongs, if its containment has it say so.
  const child = spawn('/bin/sh', ['-c', 'exec "$0" "$@" 3>/dev/null', file, ...words], {
    detached: true,
    env: { PATH: process.env['PATH'], BERTH_RUN_ID: run, BERTH_STAGE: stage },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  return child
}
