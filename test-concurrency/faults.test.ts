import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { ended, injectOn, killAll, killTogether } from './fixtures/crash.ts'
import { isAlive, kill } from './fixtures/kernel.ts'
import { HAS_STRACE, IS_ROOT } from './fixtures/needs.ts'
import { textOf } from './fixtures/records.ts'
import { runAt } from './fixtures/run.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { giveUsers, uidsOf } from './fixtures/users.ts'
import { BERTH, GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
const NEVER = 'echo "$BERTH_RUN_ID never" >>"$TRACE"'

describe('what stands in a lock’s way', () => {
  test('R-LCK-12 R-JAN-07 case 24: a directory in a lock’s place: a named error, no run folder; the rest of the sweep goes on', async ({
    world,
  }) => {
    const { dead } = await deadRun(world, '1')
    mkdirSync(world.lockFile(NAME))
    const run = world.berth('run', 'app')
    await run.endedWith(70)
    expect(run.output()).toContain(`Lock file ${world.lockFile(NAME)} cannot be opened (EISDIR`)
    expect(world.runs().map(({ id }) => id)).toEqual([dead.id])
    const { findings } = JSON.parse(await outputOf(world.berth('janitor', '--json'), 1))
    expect(findings).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ name: 'app-1.ci.localhost', action: 'cleaned' }),
        expect.objectContaining({ name: NAME, action: 'left', why: expect.stringContaining('EISDIR') }),
      ]),
    )
    rmSync(world.lockFile(NAME), { recursive: true })
    await world.berth('run', 'app').endedWith(0)
  })

  test('R-LCK-12 R-LCK-09 case 24: a directory in the place of the second lock: the first one is given up, too', async ({
    world,
  }) => {
    world.recipe('app', { resources: ['gpu'] })
    await world.berth('locks').endedWith(0)
    mkdirSync(join(world.state, 'locks/r:/gpu.lock'))
    await world.berth('run', 'app').endedWith(70)
    expect(world.judge().holders(NAME)).toEqual([])
    expect(world.runs()).toEqual([])
    rmSync(join(world.state, 'locks/r:/gpu.lock'), { recursive: true })
    await world.berth('run', 'app').endedWith(0)
  })

  test('R-LCK-12 R-QUE-02 case 24: no descriptors are left: a named error; with descriptors again, a janitor leaves nothing of it', async ({
    world,
  }) => {
    world.recipe('app')
    const codes: (number | null)[] = []
    for (const most of [24, 28, 32, 36]) {
      const run = world.start(['sh', '-c', `ulimit -n ${most}; exec "$0" run app`, BERTH])
      const { code } = await run.ended()
      codes.push(code)
      if (code !== 0) expect(run.output(), `with ${most} descriptors`).toMatch(/^(berth: |failure: )./m)
      expect(world.judge().processes).toEqual([])
    }
    expect(codes.some((code) => code !== 0)).toBe(true)
    await world.berth('janitor').ended()
    await world.berth('run', 'app').endedWith(0)
  })
})

describe.skipIf(!IS_ROOT)('a full disk (as root)', () => {
  test('R-RUN-21 R-RUN-01 R-LCK-12 case 24: a stage fills the disk: a named error, teardown comes all the same, its lines are on disk, the lock is free', async ({
    world,
  }) => {
    const fill = 'cat /dev/zero >"$BERTH_WORKSPACE/fill" || true'
    const more = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`more-${index}`, 'true']))
    world.recipe('app', { stages: { up: `${SITE} up`, fill, ...more, never: NEVER } })
    const copy = join(world.root, 'copy')
    const small =
      'mount -t tmpfs -o size=16m,mode=711 berth "$0"; "$2" run app; code=$?; cp -r "$0" "$1"; exit $code'
    const cli = world.start(['unshare', '-m', 'sh', '-c', small, world.state, copy, BERTH])
    const id = await cli.says(/^run ([0-9a-z]{16}): /m)
    await cli.endedWith(70)
    const run = runAt(join(copy, 'runs'), id, cli)
    expect(run.result()).toMatchObject({ conclusion: 'failure', reason: 'harness_fault', verified: true })
    expect(run.result()?.title).toMatch(/^harness: .*ENOSPC/)
    expect([run.count('teardown.ended'), run.count('concluded'), run.count('process.started')]).toEqual([
      1, 1, 1,
    ])
    expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${id} ${step}`))
    expect(readdirSync(join(copy, 'open'))).toEqual([])
    expect(textOf(join(copy, `locks/${NAME}.lock`))).toBe('')
  })
})

describe.skipIf(!HAS_STRACE)('a disk that takes nothing any more (strace)', () => {
  test.for(['EROFS', 'EIO', 'EDQUOT'])(
    'R-RUN-01 R-RUN-03 R-LCK-02 case 24: the journal of a live run answers %s: no further stage, teardown at once; the name is free only after one whose line is on disk',
    async (error, { world }) => {
      const inside = world.gate('inside')
      world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, never: NEVER } })
      const run = await world.run('app')
      await inside.reached()
      const { pid } = run.conductor()
      await injectOn(world, pid, join(run.folder, 'journal.ndjson'), `write:error=${error}:when=1+`)
      inside.go()
      await run.cli.endedWith(70)
      expect(run.count('process.started')).toBe(2)
      expect([run.count('concluded'), run.result()?.verified]).toEqual([1, true])
      expect(run.result()?.title).toContain(error)
      const steps = ['up', 'down', 'gone', 'down', 'gone'].map((step) => `${run.id} ${step}`)
      expect(world.trace()).toEqual(steps)
      expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    },
  )
})

describe('a FIFO in the place of a live run’s journal', () => {
  test('R-JAN-07 R-RUN-03 keeps nobody waiting: `berth run` hears of the end, `berth runs` and the janitor go on', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    const spoil = 'cd "$BERTH_WORKSPACE/.."; mv journal.ndjson j; mkfifo journal.ndjson'
    world.recipe('app', { stages: { up: `${SITE} up`, spoil, inside: `${GATE} inside`, never: NEVER } })
    const run = await world.run('app')
    await inside.reached()
    await world.berth('runs').endedWith(0)
    await world.berth('cancel', run.id).endedWith(0)
    inside.go()
    await run.cli.endedWith(143)
    expect(run.cli.output()).toContain('journal.ndjson is no regular file')
    expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
    await world.berth('janitor').endedWith(0)
  })

  test('R-LCK-11 R-RUN-03 is kept aside by whoever recovers the run when all of its processes are dead', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    const spoil =
      'cd "$BERTH_WORKSPACE/.."; mkfifo fifo; mkfifo log; mv fifo journal.ndjson; mv log wrapper.log'
    world.recipe('app', {
      stages: { up: `${SITE} up`, inside: `${GATE} inside`, spoil, park: `${GATE} inside` },
    })
    const run = await world.run('app')
    await inside.reached()
    const { pid, wrapper } = run.conductor()
    inside.go()
    await inside.reached()
    await killTogether(run.cli.pid, wrapper, pid)
    const janitor = world.berth('janitor')
    // It says, too, that it could not tell whether the run is past its ceiling.
    await janitor.endedWith(1)
    expect(janitor.output()).toMatch(/app-0.ci.localhost +cleaned/)
    await world.berth('janitor').endedWith(0)
    expect(run.result()).toMatchObject({ reason: 'harness_fault', verified: true })
    expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
  })
})

describe('what is taken from under a live run', () => {
  test('R-LCK-18 case 24a: its lock file is removed: the next stage does not begin, teardown takes down only its own, the run ends lock_lost', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, never: NEVER } })
    const run = await world.run('app')
    await inside.reached()
    rmSync(world.lockFile(NAME))
    inside.go()
    await run.cli.endedWith(70)
    expect(run.result()).toMatchObject({ conclusion: 'failure', reason: 'lock_lost', verified: false })
    expect(world.trace()).toEqual([`${run.id} up`])
    expect(world.judge().open).toEqual([run.id])
    inside.go()
    const next = await world.run('app')
    await next.cli.endedWith(0)
    expect(next.cli.output()).toContain(`recovered run ${run.id} first`)
  })

  test.for([
    ['locks folder', ['locks', 'open']],
    ['whole state folder', ['.']],
  ] as const)(
    'R-LCK-18 case 24a: the %s is moved away: the next stage does not begin, nothing of the run lives on, and a janitor cleans when it is back',
    async ([, folders], { world }) => {
      const inside = world.gate('inside')
      world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, never: NEVER } })
      const run = await world.run('app')
      await inside.reached()
      const { pid, wrapper } = run.conductor()
      for (const folder of folders) renameSync(join(world.state, folder), `${join(world.state, folder)}.away`)
      inside.go()
      await run.cli.endedWith(70)
      await ended(pid, wrapper)
      for (const folder of folders) {
        rmSync(join(world.state, folder), { recursive: true, force: true })
        renameSync(`${join(world.state, folder)}.away`, join(world.state, folder))
      }
      expect(world.judge(run.id).pids).toEqual([])
      expect(world.trace()).toEqual([`${run.id} up`])
      await world.berth('janitor').endedWith(10)
      expect(world.trace()).toEqual(['up', 'down', 'gone'].map((step) => `${run.id} ${step}`))
      expect(run.result()).toMatchObject({ conclusion: 'failure', reason: 'lock_lost' })
    },
  )
})

describe.skipIf(!IS_ROOT)('what is taken from under a live run (as root)', () => {
  test('R-LCK-18 R-RUN-20 case 24a: the locks folder is moved away, and the next run is given the same user for its stages: the first one’s end does not touch them', async ({
    world,
  }) => {
    const [user] = giveUsers(world, 1)
    world.configure(`runAs: [${user}]`)
    const inside = world.gate('inside')
    world.recipe('app', { stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` } })
    const robbed = await world.run('app')
    await inside.reached()
    const folders = ['locks', 'open'].map((folder) => join(world.state, folder))
    for (const folder of folders) renameSync(folder, `${folder}.away`)
    const next = await world.run('app', '--pr', '1')
    const stage = await inside.reached()
    expect([stage.run, uidsOf(stage.pid)]).toEqual([next.id, [user]])
    kill(robbed.conductor().wrapper, 'SIGTERM')
    await robbed.cli.endedWith(143)
    expect(isAlive(stage.pid)).toBe(true)
    expect(robbed.result()).toMatchObject({ conclusion: 'cancelled', verified: false })
    inside.go()
    await next.cli.endedWith(0)
    for (const folder of folders) {
      rmSync(folder, { recursive: true })
      renameSync(`${folder}.away`, folder)
    }
    await world.berth('janitor').endedWith(10)
    expect(world.trace().filter((line) => line.startsWith(robbed.id))).toEqual(
      ['up', 'down', 'gone'].map((step) => `${robbed.id} ${step}`),
    )
  })
})

async function deadRun(world: World, pr: string) {
  const inside = world.gate('inside')
  world.recipe('dying', { stages: { up: `${SITE} up`, inside: `${GATE} inside` }, domain: 'app-{pr}.{base}' })
  world.recipe('app')
  const dead = await world.run('dying', '--pr', pr)
  await inside.reached()
  await killAll(dead)
  return { dead, inside }
}
