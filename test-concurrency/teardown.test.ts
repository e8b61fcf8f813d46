import { describe, expect } from 'vitest'
import { stopped } from './fixtures/crash.ts'
import { isAlive, kill } from './fixtures/kernel.ts'
import { arrange, LEVELS } from './fixtures/levels.ts'
import type { Run } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { BERTH, GATE, SITE } from './fixtures/world.ts'

const DEADLINE_MS = 6_000

describe('deadline and TERM', () => {
  test('R-RUN-06 case 27: the deadline during TERM’s teardown, TERM during the deadline’s teardown, both in one tick, the deadline during a green run’s teardown: one teardown, the first reason stands, green stays green', async ({
    world,
  }) => {
    const gates = (name: string) => ['1', '2', '3', '4'].map((pr) => world.gate(`${name}-${pr}`))
    const [inside, down] = [gates('inside'), gates('down')]
    world.recipe('app', {
      stages: { inside: `${GATE} "inside-$BERTH_PR"` },
      teardown: `${SITE} down; ${GATE} "down-$BERTH_PR"`,
      deadline: `${DEADLINE_MS / 1000}s`,
    })
    const run = (pr: string) => world.run('app', '--pr', pr)
    const [early, late, both, green] = await Promise.all([run('1'), run('2'), run('3'), run('4')])
    const runs = [early, late, both, green]
    await Promise.all(inside.map((gate) => gate.reached()))
    inside[3]?.go()
    await green.has('teardown.started')
    kill(early.conductor().wrapper, 'SIGTERM')
    await stopped(both.conductor().pid)
    kill(both.conductor().pid, 'SIGTERM')
    await Promise.all(runs.map(isPastDeadline))
    kill(both.conductor().pid, 'SIGCONT')
    await Promise.all(down.map((gate) => gate.reached()))
    kill(late.conductor().wrapper, 'SIGTERM')
    for (const gate of down) gate.go()
    await early.cli.endedWith(143)
    await late.cli.endedWith(124)
    await both.cli.endedWith(both.stop()?.reason === 'deadline' ? 124 : 143)
    await green.cli.endedWith(0)
    expect([early, late, green].map((one) => one.stop()?.reason)).toEqual([
      'terminated',
      'deadline',
      undefined,
    ])
    for (const run of runs) {
      expect(run.result()).toMatchObject({ verified: true })
      expect([run.count('teardown.started'), run.count('process.started'), run.count('concluded')]).toEqual([
        1, 1, 1,
      ])
      expect(world.trace().filter((line) => line === `${run.id} down`)).toHaveLength(1)
    }
  })
})

describe('a teardown that goes wrong', () => {
  test.for(LEVELS)(
    'R-RUN-04 R-RUN-05 R-JAN-10 R-RUN-20 case 28: it hangs: its budget ends it, what else the run left is ended, the domain stays dirty until a person says otherwise, at $at',
    async ({ at }, { world, skip }) => {
      arrange(world, at, skip)
      const [daemon, never] = [world.gate('daemon'), world.gate('never')]
      const stages = { up: `(setsid ${GATE} daemon &)` }
      world.recipe('app', { stages, teardown: { run: `${GATE} never`, timeout: '1s' } })
      const run = await world.run('app')
      const [{ pid: daemonPid }, { pid: hanging }] = await Promise.all([daemon.reached(), never.reached()])
      await run.cli.endedWith(4)
      expect([isAlive(daemonPid), isAlive(hanging)]).toEqual([false, false])
      expect(run.result()).toMatchObject({
        conclusion: 'failure',
        reason: 'teardown_unverified',
        verified: false,
      })
      expect(run.result()?.title).toContain('the teardown command timed out')
      const [look] = JSON.parse(await outputOf(world.berth('locks', '--json')))
      expect(look).toMatchObject({ name: 'app-0.ci.localhost', state: 'dirty', run: run.id })
      await world.berth('locks', 'release', 'app-0.ci.localhost', '--reason', 'looked at it').endedWith(0)
      expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    },
  )

  test.for(LEVELS)(
    'R-RUN-06 R-RUN-04 R-RUN-20 case 28: its command asks for a stop: it goes on to its end, at $at',
    async ({ at }, { world, skip }) => {
      // In a PID namespace the run process is nobody's parent that could be seen.
      const parent = arrange(world, at, skip) ? '[ "$PPID" -eq 0 ]' : 'kill -TERM $PPID'
      world.recipe('app', {
        stages: { up: `${SITE} up` },
        teardown: `BERTH_STATE_DIR="${world.state}" "${BERTH}" cancel "$BERTH_RUN_ID"; ${parent}; ${SITE} down`,
      })
      const run = await world.run('app')
      await run.cli.endedWith(0)
      expect(run.stop()).toMatchObject({ reason: 'cancelled' })
      expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
      expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
    },
  )
})

/** The same clock that the journal and the deadline go by. */
async function isPastDeadline(run: Run): Promise<void> {
  const end = (run.journal()[0]?.mono ?? 0) + DEADLINE_MS
  await until('the deadline', () => Number(process.hrtime.bigint() / 1_000_000n) > end)
}
