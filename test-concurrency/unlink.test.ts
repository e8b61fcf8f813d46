import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { stopped } from './fixtures/crash.ts'
import { kill } from './fixtures/kernel.ts'
import { lookedAgain, waitingAt } from './fixtures/looks.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import { parkAt } from './fixtures/park.ts'
import type { Started } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { GATE, REPOSITORY, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
const RUN = ['run', 'app', '--wait', '5m'] as const
const HOLD = ['locks', 'hold', NAME, '--reason', 'test', '--wait', '5m', '--', 'echo', 'has it'] as const
/** A shell that takes a lock file with flock(1) and stays. */
const TAKE = 'exec 9<>"$0"; flock -n 9 && echo in && exec sleep 1000'
/** Its first flock is for its ticket, the second one for the name. */
const BEFORE_FLOCK = 'flock:delay_enter:when=2'
const AFTER_FLOCK = 'flock:delay_exit:when=2'

describe.skipIf(!HAS_STRACE)('unlink (with strace)', () => {
  test('R-LCK-05 R-LCK-06 case 14: an acquirer between open and flock does not enter by the inode that was unlinked meanwhile', async ({
    world,
  }) => {
    world.recipe('app')
    const file = await lockFile(world)
    const janitor = await parkAt(world, 'unlink,unlinkat:delay_enter:when=1', file, 'janitor')
    const parked = await parkAt(world, BEFORE_FLOCK, file, ...RUN)
    await janitor.go()
    await janitor.command.endedWith(0)
    expect(existsSync(file)).toBe(false)
    const other = world.start(['sh', '-c', TAKE, file])
    await other.says(/in/)
    await parked.go()
    await parked.command.says(/waits for/)
    expect(world.runs()).toEqual([])
    other.kill('SIGKILL')
    await parked.command.endedWith(0)
  })

  test.for([
    ['renamed over', (file: string) => renameSync(`${file}.other`, file)],
    ['replaced by a directory', (file: string) => [rmSync(file), mkdirSync(file)]],
  ] as const)(
    'R-LCK-05 R-LCK-12 case 15: the path is %s between flock and compare: nobody enters by the old inode',
    async ([, replace], { world }) => {
      const file = await lockFile(world)
      writeFileSync(`${file}.other`, '')
      world.recipe('app')
      const parked = await parkAt(world, AFTER_FLOCK, file, ...RUN)
      const other = world.start(['sh', '-c', TAKE, `${file}.other`])
      await other.says(/in/)
      replace(file)
      await parked.go()
      if (statSync(file).isDirectory()) {
        await parked.command.endedWith(70)
        expect(parked.command.output()).toContain(`Lock file ${file} cannot be opened (EISDIR`)
        rmSync(file, { recursive: true })
        rmSync(`${file}.other`)
      } else {
        await parked.command.says(/waits for/)
        expect(world.runs()).toEqual([])
      }
      other.kill('SIGKILL')
      await parked.command.ended()
    },
  )

  test('R-LCK-06 R-JAN-05 case 16: a janitor between open and flock does not unlink the name that a new holder has made since', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    const file = await lockFile(world)
    const janitor = await parkAt(world, BEFORE_FLOCK, file, 'janitor')
    rmSync(file)
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const { ino } = statSync(file)
    await janitor.go()
    await janitor.command.endedWith(0)
    expect(statSync(file).ino).toBe(ino)
    inside.go()
    await holder.endedWith(0)
  })

  test('R-LCK-06 R-JAN-05 case 17: a waiter that comes between a janitor’s look and its unlink gets the name all the same', async ({
    world,
  }) => {
    const file = await lockFile(world)
    const janitor = await parkAt(world, 'unlink,unlinkat:delay_enter:when=1', file, 'janitor')
    const waiter = await waitingAt(world, NAME, () => world.berth(...HOLD))
    await lookedAgain(waiter.pid)
    expect(waiter.output()).not.toContain('has it')
    await janitor.go()
    await janitor.command.endedWith(0)
    await waiter.endedWith(0)
    expect(waiter.output()).toContain('has it')
  })
})

describe('unlink', () => {
  test('R-LCK-06 R-JAN-05 case 17: a name with a live ticket keeps its file although it is free', async ({
    world,
  }) => {
    const inside = world.gate('inside')
    await world.berth('locks').endedWith(0)
    const holder = world.hold(NAME, 'holder', `${GATE} inside`)
    await inside.reached()
    const waiter = await waitingAt(world, NAME, () => world.berth(...HOLD))
    await stopped(waiter.pid)
    inside.go()
    await holder.endedWith(0)
    const { ino } = statSync(world.lockFile(NAME))
    await world.berth('janitor').endedWith(0)
    expect(statSync(world.lockFile(NAME)).ino).toBe(ino)
    kill(waiter.pid, 'SIGCONT')
    await waiter.endedWith(0)
    await world.berth('janitor').endedWith(0)
    expect(existsSync(world.lockFile(NAME))).toBe(false)
  })

  test('R-JAN-05 R-LCK-05 case 18: three takers and two janitors that unlink all the time: no overlap, no lost waiter', async ({
    world,
  }) => {
    await world.berth('locks').endedWith(0)
    writeFileSync(join(world.sites, 'count'), '0')
    const unlinkers = [1, 2].map(() => unlinker(world))
    const takers = [1, 2, 3].map(() =>
      world.start(['node', script('taker'), world.state, NAME, world.sites, '20']),
    )
    for (const taker of takers) await taker.endedWith(0)
    for (const unlinker of unlinkers) unlinker.kill('SIGTERM')
    const removed = await Promise.all(unlinkers.map((unlinker) => unlinker.says(/removed (\d+)/)))
    for (const unlinker of unlinkers) await unlinker.endedWith(0)
    expect(takers.map((taker) => taker.output())).toEqual(takers.map(() => 'all turns taken\n'))
    expect(readFileSync(join(world.sites, 'count'), 'utf8')).toBe('60')
    expect(removed.reduce((sum, count) => sum + Number(count), 0)).toBeGreaterThan(0)
  })

  test('R-JAN-05 R-LCK-05 case 18: three that take the name without standing in line while two janitors unlink it a hundred and twenty times: no overlap', async ({
    world,
  }) => {
    await world.berth('locks').endedWith(0)
    const snatchers = [1, 2, 3].map(() =>
      world.start(['node', script('snatcher'), world.state, NAME, world.sites]),
    )
    for (const one of [1, 2].map(() => unlinker(world, '0', '60'))) await one.endedWith(0)
    writeFileSync(join(world.sites, 'enough'), '')
    for (const snatcher of snatchers) await snatcher.endedWith(0)
    expect(snatchers.map((snatcher) => snatcher.output())).toEqual(snatchers.map(() => 'enough\n'))
  })
})

function script(name: string): string {
  return join(REPOSITORY, `test-concurrency/fixtures/${name}.ts`)
}

/** @param betweenMs its pause between two looks */
function unlinker(world: World, betweenMs = '3', ...times: readonly string[]): Started {
  return world.start(['node', script('unlinker'), world.state, NAME, betweenMs, ...times])
}

/** A name whose lock file is there, idle. */
async function lockFile(world: World): Promise<string> {
  await world.hold(NAME, 'before', 'true').endedWith(0)
  return world.lockFile(NAME)
}
