import { expect } from 'vitest'
import { ended } from '../fixtures/crash.ts'
import { kill } from '../fixtures/kernel.ts'
import { waitingAt } from '../fixtures/looks.ts'
import { textOf } from '../fixtures/records.ts'
import type { Run } from '../fixtures/run.ts'
import type { Started } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { warmed } from '../fixtures/warm.ts'
import { GATE, SITE, type World } from '../fixtures/world.ts'
import { prefixOf, type Scene } from './recorded.ts'

const APP = 'app-0.ci.localhost'
const OTHER = 'other-0.ci.localhost'
const GPU = 'r:gpu'
const NOBODY = { names: [APP], runs: [], holds: [], janitors: [] } as const

export async function runAndJanitor(world: World): Promise<Scene> {
  world.recipe('app')
  const run = await world.run('app')
  await run.cli.endedWith(0)
  const janitor = world.berth('janitor')
  await janitor.endedWith(0)
  return { ...NOBODY, runs: [{ run, names: [APP] }], janitors: [janitor] }
}

/** The first one waits behind a hold; the second one finds it there, and leaves; the third one comes after it. */
export async function runsInTurn(world: World): Promise<Scene> {
  const [held, inside] = [world.gate('held'), world.gate('inside')]
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  await world.berth('locks').endedWith(0)
  const hold = world.hold(APP, 'hold', `${GATE} held`)
  await held.reached()
  const first = await world.run('app', '--wait', '5m')
  await first.cli.says(/waits for/)
  held.go()
  await inside.reached()
  const second = await world.run('app')
  await second.cli.endedWith(75)
  inside.go()
  await first.cli.endedWith(0)
  const third = await world.run('app')
  await inside.reached()
  inside.go()
  await third.cli.endedWith(0)
  const runs = [first, second, third].map((run) => ({ run, names: [APP] }))
  return { ...NOBODY, runs, holds: [hold] }
}

/** A janitor meets a live run; then all of that is killed, and the next run's holder recovers it. */
export async function killedAndRecovered(world: World): Promise<Scene> {
  const inside = world.gate('inside')
  const wait = `[ "$(ls "$SITES")" != ${APP} ] || ${GATE} inside`
  world.recipe('app', { stages: { up: `${SITE} up`, wait } })
  const first = await world.run('app')
  await inside.reached()
  const janitor = world.berth('janitor')
  await janitor.endedWith(0)
  await killWhole(first)
  const second = await world.run('app', '--wait', '5m')
  await inside.reached()
  inside.go()
  await second.cli.endedWith(0)
  return { ...NOBODY, runs: [first, second].map((run) => ({ run, names: [APP] })), janitors: [janitor] }
}

/** All of a run is killed; a janitor cleans its name, and removes the lock file. */
export async function killedAndSwept(world: World): Promise<Scene> {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  const run = await world.run('app')
  await inside.reached()
  await killWhole(run)
  const janitor = world.berth('janitor')
  await janitor.endedWith(10)
  return { ...NOBODY, runs: [{ run, names: [APP] }], janitors: [janitor] }
}

/** The run process is killed: its wrapper starts it again, and it tears down. */
export async function startedAgain(world: World): Promise<Scene> {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  const run = await world.run('app')
  await inside.reached()
  kill(run.conductor().pid, 'SIGKILL')
  await run.cli.ended()
  return { ...NOBODY, runs: [{ run, names: [APP] }] }
}

/** Runs want one resource, each beside a domain of its own: who finds it taken gives its domain back. */
export async function twoNames(world: World): Promise<Scene> {
  const inside = world.gate('inside')
  const stages = { up: `${SITE} up; mkdir "$SITES/${GPU}"`, inside: `${GATE} inside` }
  const teardown = `${SITE} down; rmdir "$SITES/${GPU}"`
  for (const name of ['app', 'other']) world.recipe(name, { stages, teardown, resources: ['gpu'] })
  const first = await world.run('app')
  await inside.reached()
  const second = await world.run('other')
  await second.cli.endedWith(75)
  inside.go()
  await first.cli.endedWith(0)
  const third = await world.run('other')
  await inside.reached()
  inside.go()
  await third.cli.endedWith(0)
  return {
    ...NOBODY,
    names: [APP, OTHER, GPU],
    runs: [
      { run: first, names: [APP, GPU] },
      { run: second, names: [OTHER, GPU] },
      { run: third, names: [OTHER, GPU] },
    ],
  }
}

/**
 * Behind a run in its last stage waits one whose processes are started ahead; it is killed, and they end. The next one's begin while it waits, too, are
 * told to go, and conduct it.
 */
export async function startedAhead(world: World): Promise<Scene> {
  const inside = world.gate('inside')
  world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside` } })
  const first = await world.run('app')
  await inside.reached()
  const second = await world.run('app', '--wait', '5m')
  const pair = await warmed(second.id)
  kill(second.cli.pid, 'SIGKILL')
  await ended(second.cli.pid, pair.wrapper, pair.process)
  const third = await world.run('app', '--wait', '5m')
  const next = await warmed(third.id)
  inside.go()
  await first.cli.endedWith(0)
  await inside.reached()
  expect(third.conductor()).toEqual({ pid: next.process, wrapper: next.wrapper })
  inside.go()
  await third.cli.endedWith(0)
  return { ...NOBODY, runs: [first, second, third].map((run) => ({ run, names: [APP] })), warm: true }
}

/** A run that had two names is dead. One run recovers it by one of them, and is met by another one that has the other name, and starts its processes ahead. */
export async function twoRecoverers(world: World): Promise<Scene> {
  const [inside, down] = [world.gate('inside'), world.gate('down')]
  const up = `${SITE} up; mkdir "$SITES/${GPU}"`
  const teardown = `${SITE} down gate; rmdir "$SITES/${GPU}"`
  world.recipe('app', { stages: { up, inside: `${GATE} inside` }, teardown, resources: ['gpu'] })
  world.recipe('solo', { domain: 'app-{pr}.{base}', stages: { up: `${SITE} up` } })
  world.recipe('other', {
    stages: { up },
    teardown: `${SITE} down; rmdir "$SITES/${GPU}"`,
    resources: ['gpu'],
  })
  const dead = await world.run('app')
  await inside.reached()
  await killWhole(dead)
  const one = await world.run('solo', '--wait', '5m')
  await down.reached()
  const another = await world.run('other', '--wait', '5m')
  await another.cli.says(/waits for/)
  down.go()
  await Promise.all([one.cli.endedWith(0), another.cli.endedWith(0)])
  return {
    ...NOBODY,
    names: [APP, OTHER, GPU],
    runs: [
      { run: dead, names: [APP, GPU] },
      { run: one, names: [APP] },
      { run: another, names: [OTHER, GPU] },
    ],
    warm: true,
  }
}

/** Of two waiters the first is killed where it waits; the second one removes its ticket. */
export async function deadWaiter(world: World): Promise<Scene> {
  const inside = world.gate('inside')
  await world.berth('locks').endedWith(0)
  const gate = 'sh "$BERTH_RECIPE_DIR/gate" inside'
  const first = world.hold(APP, 'first', gate)
  await inside.reached()
  const dead = await waitingAt(world, APP, () => world.hold(APP, 'dead', 'true', '--wait', '5m'))
  const next = await waitingAt(world, APP, () => world.hold(APP, 'next', 'true', '--wait', '5m'))
  await until('the next waiter to meet it', () =>
    seenBy(world, next.pid, /flock\(.*\/tickets\/.* = -1 EAGAIN/),
  )
  kill(dead.pid, 'SIGKILL')
  await ended(dead.pid)
  inside.go()
  await first.endedWith(0)
  await next.endedWith(0)
  return { ...NOBODY, holds: [first, dead, next] }
}

/** Holders come and go all the time, and janitors remove the lock file whenever they find it idle. */
export async function holdsAndJanitors(world: World): Promise<Scene> {
  await world.berth('locks').endedWith(0)
  const holds = ['one', 'two', 'three', 'four'].map((who) => world.hold(APP, who, 'true', '--wait', '5m'))
  const janitors: Started[] = []
  while (!holds.every((hold) => hold.isOver())) {
    const janitor = world.berth('janitor')
    await janitor.endedWith(0)
    janitors.push(janitor)
  }
  for (const hold of holds) await hold.endedWith(0)
  return { ...NOBODY, holds, janitors }
}

/** A process that is traced cannot be seen to stand still: one after the other, so that none is left to recover another. */
async function killWhole(run: Run): Promise<void> {
  const { pid, wrapper } = run.conductor()
  const all = [run.cli.pid, wrapper, pid]
  for (const one of all) kill(one, 'SIGKILL')
  await ended(...all)
}

/** Has this process made such a call by now. */
function seenBy(world: World, pid: number, call: RegExp): boolean {
  return call.test(textOf(`${prefixOf(world)}.${pid}`))
}
