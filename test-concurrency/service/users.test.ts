import { readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { letPass } from '../fixtures/clock.ts'
import { killTogether } from '../fixtures/crash.ts'
import type { Gate } from '../fixtures/gate.ts'
import { isAlive } from '../fixtures/kernel.ts'
import { IS_ROOT } from '../fixtures/needs.ts'
import { textOf } from '../fixtures/records.ts'
import { until } from '../fixtures/until.ts'
import { giveUsers, processesOf, uidsOf } from '../fixtures/users.ts'
import { GATE, SITE } from '../fixtures/world.ts'
import type { AskedRun } from './fixtures/people.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

const OWN = process.getuid?.()

describe.skipIf(!IS_ROOT)('stages with users of their own (as root)', () => {
  test('R-RUN-20 two runs side by side have different users, their run processes the service’s; a third waits for a user although slots are free', async ({
    scene,
  }) => {
    const users = giveUsers(scene.world, 2)
    const inside = parkedRecipe(scene, users)
    await scene.serve()
    await scene.openPull()
    const live = [await scene.testme(1), await scene.testme(2)] as const
    const stages = [await inside.reached(), await inside.reached()]
    expect(stages.flatMap(({ pid }) => uidsOf(pid)).toSorted()).toEqual(users.toSorted())
    for (const run of live)
      for (const pid of Object.values(run.conductor())) expect(uidsOf(pid)).toEqual([OWN])
    const third = await scene.testme(4)
    const { output } = await third.shows('what it waits for', ({ output }) => output.title !== 'Queued')
    const [, ahead, uid] =
      /^Queued, place 1: run (\w{16}), which has r:uid-(\d+)$/.exec(output.title ?? '') ?? []
    expect(uidOf(live.find(({ id }) => id === ahead))).toBe(Number(uid))
    expect(inside.isQuiet()).toBe(true)

    inside.go()
    const { run, pid } = await inside.reached()
    expect(run).toBe(third.id)
    const over = live.find((one) => one.result() !== null)
    expect(over?.result()).toMatchObject({ conclusion: 'success', verified: true })
    expect(uidsOf(pid)).toEqual([uidOf(over)])
    for (const _ of [1, 2]) inside.go()
    for (const one of [...live, third]) expect((await one.completed()).conclusion).toBe('success')
    for (const user of users) expect(processesOf(user)).toEqual([])
  })

  test('R-RUN-20 R-RUN-18 a stage gets no new privileges and no groups; it can neither read nor write what is not its own in the state folder, nor signal or look into berth’s processes and other runs', async ({
    scene,
  }) => {
    const spy = scene.world.gate('spy')
    const status = 'grep -E "^(Uid|Gid|Groups|NoNewPrivs):" /proc/self/status >"$BERTH_ARTIFACTS/status"'
    const look = 'sh "$BERTH_RECIPE_DIR/spy" "$GATES/paths" $(cat "$GATES/pids") >"$BERTH_ARTIFACTS/spy"'
    const inside = parkedRecipe(scene, giveUsers(scene.world, 2))
    scene.recipe('spy', { stages: { status, spy: `${GATE} spy; ${look}` } })
    await scene.serve()
    const other = await scene.testme(1)
    const { pid } = await inside.reached()
    const run = await scene.testme(2, 'spy')
    await spy.reached()
    const pids = [scene.service().pid, pid, ...[other, run].flatMap((one) => Object.values(one.conductor()))]
    const paths = pathsOfOthers(scene, run)
    for (const path of [
      'berth.db',
      'locks/app-1.ci.localhost.lock',
      'mirrors',
      `runs/${other.id}/work/README.md`,
    ])
      expect(paths).toContain(join(scene.world.state, path))
    writeFileSync(join(scene.world.gates, 'pids'), pids.join(' '))
    writeFileSync(join(scene.world.gates, 'paths'), paths.map((path) => `${path}\n`).join(''))
    spy.go()
    inside.go()
    for (const one of [run, other]) expect((await one.completed()).conclusion).toBe('success')
    expect(textOf(join(run.folder, 'artifacts/spy'))).toBe('')
    const uid = uidOf(run)
    expect(
      textOf(join(run.folder, 'artifacts/status'))
        .replaceAll(/[ \t]+/g, ' ')
        .trim()
        .split(/ ?\n/),
    ).toEqual([
      `Uid: ${uid} ${uid} ${uid} ${uid}`,
      `Gid: ${uid} ${uid} ${uid} ${uid}`,
      'Groups:',
      'NoNewPrivs: 1',
    ])
  })

  for (const best of ['cgroup', 'sweep'] as const) {
    test(`R-RUN-20 R-RUN-08 R-LCK-11 run process and wrapper are SIGKILLed (${best}): all of their user is gone before the next run has it`, async ({
      scene,
    }) => {
      const users = giveUsers(scene.world, 1, best)
      const [daemon, down] = [scene.world.gate('daemon'), scene.world.gate('down')]
      const inside = parkedRecipe(scene, users, `${SITE} down gate`)
      // Neither environment nor session nor parent tells whose it is.
      const leave = `(setsid env -i PATH="$PATH" GATES="$GATES" BERTH_RUN_ID=daemon ${GATE} daemon &)`
      scene.recipe('leaves', { stages: { leave, inside: `${GATE} inside` }, teardown: `${SITE} down gate` })
      await scene.serve()
      const dead = await scene.testme(1, 'leaves')
      const left = [await daemon.reached(), await inside.reached()].map(({ pid }) => pid)
      const next = await scene.testme(2)
      await next.shows('what it waits for', ({ output }) => (output.title ?? '').includes(dead.id))
      const { pid, wrapper } = dead.conductor()
      await killTogether(pid, wrapper)
      expect((await down.reached()).run).toBe(dead.id)
      expect(next.events(), 'the next run while the dead one is torn down').toEqual([])
      down.go()
      expect((await inside.reached()).run).toBe(next.id)
      expect(left.filter(isAlive)).toEqual([])
      expect(dead.result()).toMatchObject({ conclusion: 'failure', verified: true })
      inside.go()
      down.go()
      expect((await next.completed()).conclusion).toBe('success')
      expect((await dead.completed()).conclusion).toBe('failure')
      expect(scene.world.trace().filter((line) => line.endsWith(' down'))).toEqual(
        [dead, next].map(({ id }) => `${id} down`),
      )
      expect([uidOf(dead), uidOf(next)]).toEqual([users[0], users[0]])
      // Who recovers it for its user alone leaves the mark of its domain to the next sweep.
      await scene.world.berth('janitor').ended()
    })
  }

  test('R-RUN-20 R-LCK-11 R-QUE-15 a user whose last run cannot be cleaned is passed over: other domains go on as the next user, before the name is blocked and after', async ({
    scene,
  }) => {
    const [first, second] = giveUsers(scene.world, 2)
    scene.setting(`runAs: [${first}, ${second}]`)
    const stuck = join(scene.world.gates, 'stuck-1')
    writeFileSync(stuck, '')
    const teardown = `test ! -e "$GATES/stuck-$BERTH_PR"; ${SITE} down`
    scene.recipe('app', { stages: { up: `${SITE} up` }, teardown })
    await scene.serve()
    const dirty = await scene.testme(1)
    expect((await dirty.completed()).conclusion).toBe('failure')
    expect(uidOf(dirty)).toBe(first)
    const passesOver = async () => {
      const run = await scene.testme(2)
      expect((await run.completed()).conclusion).toBe('success')
      expect(uidOf(run)).toBe(second)
    }
    await passesOver()
    const waiter = await scene.testme(1)
    for (const [cleanings, pauseMs] of [61_000, 301_000].entries()) {
      await until('a cleaning', () => dirty.count('cleaned') === cleanings + 1)
      letPass(dirty, pauseMs)
    }
    expect((await waiter.completed()).output.title).toContain(`domain_dirty: run ${dirty.id}`)
    await passesOver()
    rmSync(stuck)
    await scene.world.berth('janitor').endedWith(10)
    const next = await scene.testme(1)
    expect((await next.completed()).conclusion).toBe('success')
    expect(uidOf(next)).toBe(first)
  })

  test('R-RUN-20 R-CMD-07 a fork’s commit, approved by a writer, runs as one of them', async ({ scene }) => {
    const users = giveUsers(scene.world, 1)
    const inside = parkedRecipe(scene, users)
    await scene.serve()
    const fork = [...scene.gitHub.memory.pulls.values()].find(({ number }) => number === 3)
    const sha = fork?.head.sha ?? ''
    const pushedAtMs = scene.gitHub.memory.repositories.get(fork?.head.repositoryId ?? 0)?.pushedAtMs ?? 0
    await until('a later second than that of the push, as GitHub counts', () => isLaterSecond(pushedAtMs))
    await scene.comment(3, `!testme ok ${sha}`)
    const run = await scene.testme(3)
    const { pid } = await inside.reached()
    expect(uidsOf(pid)).toEqual(users)
    inside.go()
    expect(await run.completed()).toMatchObject({ conclusion: 'success', sha })
  })
})

/** The user that a run's stages have, as its request on disk says. */
function uidOf(run: AskedRun | undefined): number {
  return JSON.parse(textOf(join(run?.folder ?? '', 'request.json'))).runAs.uid
}

function isLaterSecond(thanMs: number): boolean {
  return Math.floor(Date.now() / 1000) > Math.floor(thanMs / 1000)
}

/** Everything below the state folder but what a run's stages work with. The compile cache is shared between tests and lies elsewhere. */
function pathsOfOthers({ world }: Scene, { folder }: AskedRun): readonly string[] {
  const own = ['work', 'home', 'artifacts', 'recipe'].map((part) => join(folder, part))
  return readdirSync(world.state, { recursive: true, withFileTypes: true })
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((path) => !own.some((part) => path === part || path.startsWith(`${part}/`)))
    .filter((path) => !path.includes('/compile-cache'))
}

function parkedRecipe(scene: Scene, users: readonly number[], teardown = `${SITE} down`): Gate {
  scene.setting(`runAs: [${users.join(', ')}]`)
  const stages = { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` }
  scene.recipe('app', { stages, teardown })
  return scene.world.gate('inside')
}
