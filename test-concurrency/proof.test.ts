import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { freeze, HAS_FREEZER } from './fixtures/freezer.ts'
import { aliveWith, isAlive, namespaceOf, ownNumberOf } from './fixtures/kernel.ts'
import { IS_ROOT } from './fixtures/needs.ts'
import { type Run, runAt } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { BERTH, GATE, SITE, type World } from './fixtures/world.ts'

/** Three that end when they are asked to, and two that do not. */
const MIXED = 'sh "$BERTH_RECIPE_DIR/mixed" "$BERTH_ARTIFACTS/pids"'

/** Hides the cgroups from the run. */
const WITHOUT_CGROUPS = `for mount in $(awk '$3 == "cgroup2" { print $2 }' /proc/mounts); do umount -l "$mount"; done; exec "$@"`

/** Long enough for whoever obeys, on two slow and busy cores. */
const GRACE_MS = 3_000

/** How each level shows that nothing of a stage is left, in the journal and in words. */
const SHOWN: Readonly<Record<string, readonly [kind: string, words: string]>> = {
  cgroup: ['cgroup', 'cgroup empty and removed'],
  'pid-namespace': ['sweep', 'no process with its mark in repeated looks at /proc'],
  sweep: ['sweep', 'no process with its mark in repeated looks at /proc'],
}

describe('the proof of what was ended', () => {
  test.concurrent('R-RUN-07 R-RUN-04 of a cancel counts what obeyed and what was killed, as /proc does, at the best containment of this machine', async ({
    world,
  }) => {
    const run = await mixedRun(world, () => world.run('app'))
    await expectCounted(world, run, () => run.cli.kill('SIGTERM'), 143)
  })

  test
    .skipIf(!IS_ROOT)
    .concurrent(
      'R-RUN-07 R-RUN-04 of a cancel counts the same without cgroups (as root)',
      async ({ world }) => {
        const run = await mixedRun(world, async () => {
          const cli = world.start(['unshare', '-m', 'sh', '-c', WITHOUT_CGROUPS, 'sh', BERTH, 'run', 'app'])
          return runAt(join(world.state, 'runs'), await cli.says(/^run ([0-9a-z]{16}): /m), cli)
        })
        await expectCounted(world, run, () => run.cli.kill('SIGTERM'), 143)
        expect(levelOf(run)).not.toBe('cgroup')
      },
    )

  test.concurrent('R-RUN-07 R-RUN-04 of a stage that has run out of its time counts the same', async ({
    world,
  }) => {
    const run = await mixedRun(world, () => world.run('app'), '8s')
    await expectCounted(world, run, () => undefined, 1)
  })

  test.skipIf(!HAS_FREEZER)(
    'R-RUN-07 R-RUN-04 of a cancel that cannot be verified (as root, with a freezer of cgroups v1): what is left is named, and nobody says that it is gone',
    async ({ world }) => {
      const run = await mixedRun(world, () => world.run('app'))
      const pid = pidsOf(run, 'deaf')[0] ?? 0
      {
        await using _frozen = await freeze(pid)
        run.cli.kill('SIGTERM')
        await run.cli.endedWith(143)
        expect(isAlive(pid)).toBe(true)
        expectUnproved(run, pid)
        const shown = await outputOf(world.berth('show', run.id))
        expect(shown).toMatch(/^Locks: free, and marked as not cleaned: /m)
      }
      await world.berth('janitor').endedWith(10)
      const cleaned = await outputOf(world.berth('show', run.id))
      expect(cleaned).toMatch(/^Cleaned once more .*; verified, nothing is left$/m)
      expect(cleaned).toMatch(/^Locks: released, /m)
    },
  )
})

/** Parked in the stage that has started them all. */
async function mixedRun(world: World, begin: () => Promise<Run>, timeout = '5m'): Promise<Run> {
  const inside = world.gate('inside')
  world.configure(`budgets: { killGrace: ${GRACE_MS}ms, deadline: 5m, teardown: 2m }`)
  const stages = { up: { run: `${SITE} up; ${MIXED}; ${GATE} inside`, timeout } }
  world.recipe('app', { stages, teardown: `${SITE} down` })
  const run = await begin()
  await inside.reached()
  return run
}

async function expectCounted(world: World, run: Run, stop: () => void, code: number): Promise<void> {
  const there = aliveIn(run)
  const [gentle, deaf] = [pidsOf(run, 'gentle'), pidsOf(run, 'deaf')]
  expect([gentle.length, deaf.length]).toEqual([3, 2])
  stop()
  await until('the end of whoever obeys', () => aliveIn(run).length <= deaf.length)
  expect(aliveIn(run)).toEqual(deaf)
  await run.cli.endedWith(code)
  expect(world.judge(run.id).pids).toEqual([])
  const ending = run.journal().find(({ event }) => event === 'stage.ended')?.ending
  const [kind = '', shown = ''] = SHOWN[levelOf(run)] ?? []
  const [asked, killed] = [there.length, deaf.length]
  expect(ending).toMatchObject({ asked, killed, graceMs: GRACE_MS, proofs: [{ kind, count: 1 }], left: [] })
  expect(ending?.tookMs).toBeGreaterThanOrEqual(GRACE_MS)
  const words = `Stage up: ${asked} processes were asked to end (TERM), ${killed} were still there after the grace of 3s and got KILL; all gone after `
  const [stage = '', teardown = ''] = run.result()?.proof ?? []
  expect([stage.slice(0, words.length), stage.slice(-shown.length)]).toEqual([words, shown])
  expect(teardown).toMatch(/^Teardown \(.*\): no process was left to end: .*; verified, nothing is left$/)
  const show = await outputOf(world.berth('show', run.id))
  for (const line of [stage, teardown, `Locks: released, no process`]) expect(show).toContain(`\n${line}`)
}

function expectUnproved(run: Run, pid: number): void {
  const ended = run.journal().find(({ event }) => event === 'stage.ended')
  const torn = run.journal().find(({ event }) => event === 'teardown.ended')
  for (const ending of [ended?.ending, torn?.report?.ending]) {
    expect(ending?.proofs).toEqual([])
    expect(ending?.left[0]).toMatch(new RegExp(`^process ${pid} \\(`))
  }
  expect(torn?.report?.verified).toBe(false)
  expect(run.result()?.verified).toBe(false)
  const said = run.result()?.proof.join('\n') ?? ''
  expect(said).toMatch(
    /^Stage up: .*2 were still there after .*; not all gone after .*: 1 left: process \d+ \(/m,
  )
  expect(said).toMatch(/^Teardown .*; not verified, \d+ left: /m)
  expect(said).not.toMatch(/; all gone|nothing is left|empty and removed/)
}

function levelOf(run: Run): string {
  return String(run.journal().find(({ event }) => event === 'prepared')?.containment)
}

/** Counted by the test itself; without whoever stands outside of a PID namespace and waits for what is inside. */
function aliveIn(run: Run): readonly number[] {
  const all = aliveWith(`BERTH_RUN_ID=${run.id}`, 'BERTH_STAGE=up').toSorted((a, b) => a - b)
  const inside = all.filter((pid) => namespaceOf(pid) !== namespaceOf(process.pid))
  return inside.length === 0 ? all : inside
}

/** As the kernel calls those that are alive here: in a PID namespace they have other numbers. */
function pidsOf(run: Run, kind: string): readonly number[] {
  const lines = readFileSync(join(run.folder, 'artifacts/pids'), 'utf8').split('\n')
  return aliveIn(run).filter((pid) => lines.includes(`${kind} ${ownNumberOf(pid)}`))
}
