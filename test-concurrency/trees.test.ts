import { accessSync, constants, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect } from 'vitest'
import type { Gate } from './fixtures/gate.ts'
import { childrenOf, isAlive, isStopped, kill, killIfAlive, pidsByWords } from './fixtures/kernel.ts'
import { IS_ROOT } from './fixtures/needs.ts'
import { textOf } from './fixtures/records.ts'
import type { Run } from './fixtures/run.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { beDelegatedTo, beUnknown, giveUsers, leaveContainment, takeBack } from './fixtures/users.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'
import { aliveAt, KINDS, type Kind, LEVELS, type LevelName, type Moment, NAMES } from './fixtures/zoo.ts'

const HEADLESS = fileURLToPath(new URL('fixtures/headless.ts', import.meta.url))
const TREE = `sh "$BERTH_RECIPE_DIR/tree" "$BERTH_ARTIFACTS/tree" "${process.execPath} ${HEADLESS}"`

const CGROUPS = writableCgroups()

/** What makes each level of this machine: its best containment, and whom stages run as. */
const ARRANGED: Readonly<Record<LevelName, (world: World) => void>> = {
  cgroupOwnUser: (world) => asUsers(world, giveUsers(world, 1)),
  cgroup: () => undefined,
  cgroupDelegated: (world) => beDelegatedTo(world, CGROUPS ?? ''),
  namespace: (world) => leaveContainment(world, 'pid-namespace'),
  namespaceOfUser: (world) => void beUnknown(world),
  sweepOwnUser: (world) => asUsers(world, giveUsers(world, 1, 'sweep')),
  sweep: (world) => leaveContainment(world, 'sweep'),
}

const ENDS = [
  ['cancelled in the stage that made it', 'stage', 143],
  ['torn down after green stages', 'teardown', 0],
  ['after SIGKILL of its run process', 'crash', 70],
] as const

const CASES = NAMES.flatMap((name) =>
  ENDS.map(([how, moment, code]) => ({ name, title: LEVELS[name].title, how, moment, code })),
)

describe('trees', () => {
  test.skipIf(!IS_ROOT).concurrent.for(CASES)(
    'R-RUN-07 R-RUN-03 R-RUN-20 case 35: of a tree of eleven kinds, $how, what the level promises is dead ($title)',
    async ({ name, moment, code }, { world, skip }) => {
      const { level } = LEVELS[name]
      if (level === 'cgroup' && CGROUPS === null) skip('this machine lets nobody here make cgroups')
      ARRANGED[name](world)
      const [inside, down] = [world.gate('inside'), world.gate('down')]
      world.recipe('app', { stages: stagesFor(moment), teardown: `${SITE} down gate` })
      const run = await world.run('app')
      await inside.reached()
      const tree = treeOf(run)
      expect(tree.alive()).toEqual(KINDS)
      await until('the stopped one', () => tree.pids('stopped').every(isStopped))
      end(run, moment, inside)
      await down.reached()
      const beside = moment === 'teardown' ? KINDS : aliveAt(moment, name)
      expect(tree.alive(), 'beside the command of teardown').toEqual(beside)
      down.go()
      await run.cli.endedWith(code)
      const last = moment === 'crash' ? 'recovery' : 'teardown'
      expect(tree.alive(), 'when the run is over').toEqual(aliveAt(last, name))
      tree.end()
      expect(run.result()).toMatchObject({ verified: true })
      expect(run.journal().find(({ event }) => event === 'teardown.started')?.containment?.kind).toBe(level)
      await until('the end of its processes', () => world.judge(run.id).pids.length === 0)
      if (name === 'cgroupDelegated') takeBack(world, CGROUPS ?? '')
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

/** Stages run as the slot's user; the rest is as in every world. */
function asUsers(world: World, users: readonly number[]): void {
  world.configure(`budgets: { killGrace: 500ms, deadline: 5m, teardown: 2m }\nrunAs: [${users.join(', ')}]`)
}

/** One that is ended in a stage parks in the stage that has made the tree, else in the one after it. */
function stagesFor(moment: Moment): Readonly<Record<string, string>> {
  const inside = `${GATE} inside`
  return moment === 'teardown' ? { tree: TREE, inside } : { tree: `${TREE}; ${inside}` }
}

function end(run: Run, moment: Moment, inside: Gate): void {
  if (moment === 'teardown') inside.go()
  else if (moment === 'stage') run.cli.kill('SIGTERM')
  else kill(run.conductor().pid, 'SIGKILL')
}

interface Tree {
  readonly pids: (kind: Kind) => readonly number[]
  readonly alive: () => readonly Kind[]
  /** Of what is promised to nobody. */
  readonly end: () => void
}

function treeOf({ folder }: Run): Tree {
  const pids = (kind: Kind) => pidsByWords(join(folder, 'artifacts/tree'), kind)
  return {
    pids,
    alive: () => KINDS.filter((kind) => pids(kind).length > 0),
    end: () =>
      KINDS.flatMap(pids)
        .flatMap((pid) => [pid].concat(childrenOf(pid)))
        .forEach((pid) => killIfAlive(pid)),
  }
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
