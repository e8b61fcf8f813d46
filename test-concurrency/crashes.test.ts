import { existsSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { type Call, callsIn } from './fixtures/calls.ts'
import { inject, watchCalls, watchFiles } from './fixtures/crash.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import { sideBySide } from './fixtures/sideBySide.ts'
import type { Started } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { GATE, SITE, type World } from './fixtures/world.ts'

/** What changes the disk. */
const DURABLE = 'mkdir,fsync,fdatasync,rename,renameat2,link,linkat,unlink,unlinkat,ftruncate,pwrite64'

describe.skipIf(!HAS_STRACE)('SIGKILL at system calls (strace)', () => {
  test('R-LCK-16 R-LCK-08 case 43a: of the launch, from the run folder to the flushed mark: nothing, or a dirty name that a janitor cleans; nothing is deployed', async ({
    world,
  }) => {
    world.recipe('app')
    await world.berth('locks').endedWith(0)
    const points = pointsOf(await launchCalls(world, 0, null))
    expect(points.length).toBeGreaterThan(8)
    await sideBySide(points, (point, index) => launchCalls(world, index + 1, point))
    const { marks, open } = world.judge()
    expect(Object.keys(marks).length, 'marked names').toBeGreaterThan(0)
    expect(open.length, 'entries without a mark, too').toBeGreaterThan(Object.keys(marks).length)
    await world.berth('janitor').endedWith(10)
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    const asked = world.runs().filter(({ folder }) => existsSync(join(folder, 'request.json')))
    expect(asked.filter((run) => run.result()?.verified !== true).map(({ id }) => id)).toEqual([])
    expect(world.trace().filter((line) => line.endsWith(' up'))).toHaveLength(1)
  })

  test('R-LCK-16 R-RUN-14 case 43a: of the run process, from the end of its teardown to its own: one result, every mark cleared', async ({
    world,
  }) => {
    world.recipe('app', { teardown: `${SITE} down; ${GATE} "down-$BERTH_PR"` })
    const points = await runCalls(world, 0, null)
    expect(points.map(({ name }) => name)).toEqual(expect.arrayContaining(['ftruncate', 'unlink']))
    await sideBySide(points, (point, index) => runCalls(world, index + 1, point))
    expect(world.judge()).toMatchObject({ marks: {}, open: [] })
    for (const run of world.runs()) {
      expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
      expect([run.count('concluded'), run.count('teardown.ended')]).toEqual([1, 1])
    }
    expect(world.runs().filter((run) => run.count('process.started') === 2).length).toBe(points.length)
  })
})

describe.skipIf(!HAS_STRACE)('the order of what is on disk (strace)', () => {
  test('R-LCK-16 before the wrapper is launched there are, flushed and in this order, what was asked, the entry in open/, and the mark', async ({
    world,
  }) => {
    world.recipe('app')
    await world.berth('locks').endedWith(0)
    const { file, run, holder } = await waitingRun(world, 0)
    const strace = await watchFiles(world, run.cli.pid, `${DURABLE},clone,clone3,fork,vfork`)
    await letGo(holder, file)
    await run.cli.endedWith(0)
    await strace.ended()
    const steps: readonly (readonly [string, RegExp])[] = [
      ['what was asked', /^fdatasync\(\d+<.*\/request\.json>/],
      ['its name', new RegExp(`^fsync\\(\\d+<.*/runs/${run.id}>`)],
      ['the entry', /^fdatasync\(\d+<.*\/open\/\.[^>]*>/],
      ['in its place', /^rename/],
      ['and its name', /^fsync\(\d+<.*\/open>/],
      ['the mark', /^pwrite64\(\d+<.*\.lock>/],
      ['flushed', /^fsync\(\d+<.*\.lock>/],
      ['the wrapper', /^(clone3?|v?fork)\((?!.*CLONE_THREAD)/],
    ]
    expectInOrder(strace.output(), steps)
  })

  test('R-LCK-16 R-RUN-14 at the end of a run there are, flushed and in this order, its verified teardown, its result, the cleared mark, and no entry', async ({
    world,
  }) => {
    const down = world.gate('down')
    world.recipe('app', { teardown: `${SITE} down gate` })
    const run = await world.run('app')
    await down.reached()
    const strace = await watchFiles(world, run.conductor().pid, DURABLE)
    down.go()
    await run.cli.endedWith(0)
    await strace.ended()
    expectInOrder(strace.output(), [
      ['the verified teardown', /^fdatasync\(\d+<.*\/journal\.ndjson>/],
      ['the conclusion', /^fdatasync\(\d+<.*\/journal\.ndjson>/],
      ['the result', /^link/],
      ['and its name', new RegExp(`^fsync\\(\\d+<.*/runs/${run.id}>`)],
      ['the mark', /^ftruncate\(\d+<.*\.lock>/],
      ['flushed', /^fsync\(\d+<.*\.lock>/],
      ['the entry', /^unlink.*\/open\//],
      ['and its name', /^fsync\(\d+<.*\/open>/],
    ])
  })
})

/** Each of the calls comes after the one before it, and the last of them is not made before that. */
function expectInOrder(trace: string, steps: readonly (readonly [string, RegExp])[]): void {
  const lines = callsIn(trace).map(({ line }) => line)
  const last = lines.findIndex((line) => steps.at(-1)?.[1].test(line) === true)
  expect(last, trace).toBeGreaterThan(0)
  let at = -1
  for (const [what, call] of steps) {
    const next = lines.findIndex((line, index) => index > at && index <= last && call.test(line))
    expect(next, `${what}, in order:\n${lines.join('\n')}`).toBeGreaterThan(at)
    at = next
  }
}

/** One `berth run`, watched from the moment that its name is free, and killed at a call; gives its calls. */
async function launchCalls(world: World, pr: number, point: Call | null): Promise<readonly Call[]> {
  const { file, run, holder } = await waitingRun(world, pr)
  const strace = await watched(world, run.cli.pid, point)
  await letGo(holder, file)
  const { code, signal } = await run.cli.ended()
  expect([code, signal], point?.line ?? '').toEqual(point === null ? [0, null] : [null, 'SIGKILL'])
  await strace.ended()
  return callsIn(strace.output())
}

/** A run that waits for a shell which has its name. */
async function waitingRun(world: World, pr: number) {
  const file = world.lockFile(`app-${pr}.ci.localhost`)
  const holder = world.start(['sh', '-c', 'exec 9<>"$0"; flock 9; echo in; exec sleep 1000', file])
  await holder.says(/in/)
  const run = await world.run('app', '--pr', String(pr), '--wait', '5m')
  await run.cli.says(/waits for/)
  return { file, run, holder }
}

async function letGo(holder: Started, file: string): Promise<void> {
  holder.kill('SIGKILL')
  await holder.ended()
  utimesSync(file, 0, 0)
}

/** From the run's folder to its flushed mark; of the folders that are made, the first. */
function pointsOf(calls: readonly Call[]): readonly Call[] {
  const mark = calls.findIndex(({ name }) => name === 'pwrite64')
  const first = calls.findIndex(({ name }) => name === 'mkdir')
  return calls.slice(first, mark + 2).filter(({ name }, index) => index === 0 || name !== 'mkdir')
}

/** One run, watched from its teardown's command on, and killed at a call; gives its calls. */
async function runCalls(world: World, pr: number, point: Call | null): Promise<readonly Call[]> {
  const down = world.gate(`down-${pr}`)
  const run = await world.run('app', '--pr', String(pr))
  await down.reached()
  const strace = await watched(world, run.conductor().pid, point)
  down.go()
  await run.cli.endedWith(0)
  await strace.ended()
  return callsIn(strace.output())
}

function watched(world: World, pid: number, point: Call | null): Promise<Started> {
  if (point === null) return watchCalls(world, pid, DURABLE)
  return inject(world, pid, `${point.name}:signal=KILL:when=${point.when}`)
}
