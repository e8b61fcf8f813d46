import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect } from 'vitest'
import type { Gate } from './fixtures/gate.ts'
import { isAlive, isStopped } from './fixtures/kernel.ts'
import { IS_ROOT } from './fixtures/needs.ts'
import { textOf } from './fixtures/records.ts'
import { type Run, runAt } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { BERTH, GATE, SITE, type World } from './fixtures/world.ts'

const HEADLESS = fileURLToPath(new URL('fixtures/headless.ts', import.meta.url))
const TREE = `sh "$BERTH_RECIPE_DIR/tree" "$BERTH_ARTIFACTS/tree" "${process.execPath} ${HEADLESS}"`
const KINDS = ['child', 'daemon', 'forking', 'headless', 'scrubbed', 'setsid', 'stopped', 'stubborn']

/** Hides the cgroups from the run: then it is kept together by its marks alone. */
const WITHOUT_CGROUPS = `for mount in $(awk '$3 == "cgroup2" { print $2 }' /proc/mounts); do umount -l "$mount"; done; exec "$@"`

const CGROUPS = writableCgroups()

const ENDS = [
  ['cancelled in the stage that made it', 'SIGTERM', 143],
  ['torn down after green stages', null, 0],
] as const

describe('trees', () => {
  test.concurrent.for(ENDS)(
    'R-RUN-07 R-RUN-03 case 35: of a tree of eight kinds, %s, nothing lives, at the best containment of this machine',
    async (end, { world }) => {
      const gates = [world.gate('inside'), world.gate('down')] as const
      world.recipe('app', { stages: stagesFor(end[1]), teardown: `${SITE} down gate` })
      await expectNothingLives(world, await world.run('app'), gates, end)
    },
  )

  test.skipIf(!IS_ROOT).concurrent.for(ENDS)(
    'R-RUN-07 R-RUN-03 case 35: of a tree of eight kinds, %s, nothing lives, without cgroups (as root)',
    async (end, { world }) => {
      const gates = [world.gate('inside'), world.gate('down')] as const
      world.recipe('app', { stages: stagesFor(end[1]), teardown: `${SITE} down gate` })
      const cli = world.start(['unshare', '-m', 'sh', '-c', WITHOUT_CGROUPS, 'sh', BERTH, 'run', 'app'])
      const run = runAt(join(world.state, 'runs'), await cli.says(/^run ([0-9a-z]{16}): /m), cli)
      await expectNothingLives(world, run, gates, end)
      expect(run.journal().find(({ event }) => event === 'prepared')).toMatchObject({ containment: 'sweep' })
    },
  )

  test('R-RUN-07 case 37a: a child that asks for its stage’s cgroup again after the stage was ended finds none, and does not live on', async ({
    world,
    skip,
  }) => {
    if (CGROUPS === null) skip('this machine lets nobody here make cgroups')
    const [late, inside, down] = [world.gate('late'), world.gate('inside'), world.gate('down')]
    const words = `late "${CGROUPS}" "${CGROUPS}$(sed -n 's/^0:://p' /proc/self/cgroup)" "$BERTH_ARTIFACTS/late"`
    const leave = `(setsid env -i PATH="$PATH" GATES="$GATES" BERTH_RUN_ID=late sh "$BERTH_RECIPE_DIR"/${words} &)`
    world.recipe('app', { stages: { up: `${leave}; ${GATE} inside` }, teardown: `${SITE} down gate` })
    const run = await world.run('app')
    const [{ pid }] = await Promise.all([late.reached(), inside.reached()])
    run.cli.kill('SIGTERM')
    await down.reached()
    late.go()
    await late.reached()
    expect(textOf(join(run.folder, 'artifacts/late'))).toBe('the door is closed\n')
    down.go()
    await run.cli.endedWith(143)
    expect(isAlive(pid)).toBe(false)
    expect(run.result()).toMatchObject({ verified: true })
  })
})

/** One that is cancelled parks in the stage that has made the tree, else in the one after it. */
function stagesFor(signal: NodeJS.Signals | null): Readonly<Record<string, string>> {
  const inside = `${GATE} inside`
  return signal === null ? { tree: TREE, inside } : { tree: `${TREE}; ${inside}` }
}

async function expectNothingLives(
  world: World,
  run: Run,
  [inside, down]: readonly [Gate, Gate],
  [, signal, code]: (typeof ENDS)[number],
): Promise<void> {
  await inside.reached()
  const tree = treeOf(run.folder)
  expect(Object.keys(tree).sort()).toEqual(KINDS)
  await until('the stopped one', () => isStopped(tree['stopped'] ?? 0))
  expect(aliveIn(tree)).toEqual(KINDS)
  if (signal === null) inside.go()
  else run.cli.kill(signal)
  await down.reached()
  const standing = signal === null ? KINDS : []
  expect(
    aliveIn(tree),
    'alive beside the command of teardown: a stack that stands until then, or nothing',
  ).toEqual(standing)
  down.go()
  await run.cli.endedWith(code)
  expect(aliveIn(tree)).toEqual([])
  expect(world.judge(run.id).pids).toEqual([])
}

function aliveIn(tree: Readonly<Record<string, number>>): readonly string[] {
  return Object.keys(tree)
    .filter((kind) => isAlive(tree[kind] ?? 0))
    .sort()
}

function treeOf(folder: string): Readonly<Record<string, number>> {
  const lines = readFileSync(join(folder, 'artifacts/tree'), 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]))
}

/** Where cgroups of version 2 can be made, or null. */
function writableCgroups(): string | null {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(readFileSync('/proc/mounts', 'utf8'))?.[1]
  try {
    if (mount === undefined) return null
    accessSync(join(mount, 'cgroup.procs'), constants.W_OK)
    return mount
  } catch {
    return null
  }
}
