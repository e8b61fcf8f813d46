import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import type { Gate } from './fixtures/gate.ts'
import { isAlive, isStopped } from './fixtures/kernel.ts'
import { type Run, runAt } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { BERTH, GATE, type World } from './fixtures/world.ts'

const TREE = 'sh "$BERTH_RECIPE_DIR/tree" "$BERTH_ARTIFACTS/tree"'
const KINDS = ['child', 'daemon', 'forking', 'scrubbed', 'setsid', 'stopped', 'stubborn']

/** Hides the cgroups from the run: then it is kept together by its marks alone. */
const WITHOUT_CGROUPS = `for mount in $(awk '$3 == "cgroup2" { print $2 }' /proc/mounts); do umount -l "$mount"; done; exec "$@"`

const ENDS = [
  ['cancelled in the stage that made it', 'SIGTERM', 143],
  ['torn down after green stages', null, 0],
] as const

describe('trees', () => {
  test.for(ENDS)(
    'R-RUN-07 R-RUN-03 case 35: of a tree of seven kinds, %s, nothing lives, at the best containment of this machine',
    async (end, { world }) => {
      const inside = world.gate('inside')
      world.recipe('app', { stages: stagesFor(end[1]) })
      await expectNothingLives(world, await world.run('app'), inside, end)
    },
  )

  test.skipIf(process.getuid?.() !== 0).for(ENDS)(
    'R-RUN-07 R-RUN-03 case 35: of a tree of seven kinds, %s, nothing lives, without cgroups (as root)',
    async (end, { world }) => {
      const inside = world.gate('inside')
      world.recipe('app', { stages: stagesFor(end[1]) })
      const cli = world.start(['unshare', '-m', 'sh', '-c', WITHOUT_CGROUPS, 'sh', BERTH, 'run', 'app'])
      const run = runAt(join(world.state, 'runs'), await cli.says(/^run ([0-9a-z]{16}): /m), cli)
      await expectNothingLives(world, run, inside, end)
      expect(run.journal().find(({ event }) => event === 'prepared')).toMatchObject({ containment: 'sweep' })
    },
  )
})

/** One that is cancelled parks in the stage that has made the tree, else in the one after it. */
function stagesFor(signal: NodeJS.Signals | null): Readonly<Record<string, string>> {
  const inside = `${GATE} inside`
  return signal === null ? { tree: TREE, inside } : { tree: `${TREE}; ${inside}` }
}

async function expectNothingLives(
  world: World,
  run: Run,
  inside: Gate,
  end: (typeof ENDS)[number],
): Promise<void> {
  await inside.reached()
  const tree = treeOf(run.folder)
  expect(Object.keys(tree).sort()).toEqual(KINDS)
  await until('the stopped one', () => isStopped(tree['stopped'] ?? 0))
  expect(Object.values(tree).filter((pid) => !isAlive(pid))).toEqual([])
  const [, signal, code] = end
  if (signal === null) inside.go()
  else run.cli.kill(signal)
  await run.cli.endedWith(code)
  expect(Object.entries(tree).filter(([, pid]) => isAlive(pid))).toEqual([])
  expect(world.judge(run.id).pids).toEqual([])
}

function treeOf(folder: string): Readonly<Record<string, number>> {
  const lines = readFileSync(join(folder, 'artifacts/tree'), 'utf8').trim().split('\n')
  return Object.fromEntries(lines.map((line) => [line.split(' ')[0], Number(line.split(' ')[1])]))
}
