import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { type Call, callsIn } from './fixtures/calls.ts'
import { killAll } from './fixtures/crash.ts'
import { isStopped, kill } from './fixtures/kernel.ts'
import { HAS_STRACE } from './fixtures/needs.ts'
import { oldRun } from './fixtures/past.ts'
import { sideBySide } from './fixtures/sideBySide.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import { until } from './fixtures/until.ts'
import { BERTH, GATE, SITE, type World } from './fixtures/world.ts'

const NAME = 'app-0.ci.localhost'
const DAY_MS = 86_400_000

describe('two janitors at once', () => {
  test('R-JAN-04 R-JAN-06 the second names the first and ends with 75; the metrics are the first one’s, also of a sweep that found faults', async ({
    world,
  }) => {
    const { dead, down } = await deadRun(world)
    const metrics = join(world.root, 'berth.prom')
    mkdirSync(world.lockFile('folder.ci.localhost'))
    const first = world.berth('janitor', '--metrics', metrics)
    await down.reached()
    const second = world.berth('janitor', '--metrics', metrics)
    await second.endedWith(75)
    expect(second.output()).toMatch(
      /^berth janitor: another janitor is at work here \(janitor, process (\d+)\)\n$/,
    )
    expect(second.output()).toContain(`process ${first.pid})`)
    const look = JSON.parse(await outputOf(world.berth('janitor', '--dry-run', '--json'), 10))
    expect(look.findings).toMatchObject([{ name: NAME, action: 'untouched' }, {}])
    expect(existsSync(metrics), 'neither the second nor the look has written them').toBe(false)
    down.go()
    await first.endedWith(1)
    const lines = readFileSync(metrics, 'utf8').split('\n')
    expect(lines).toContain('berth_janitor_last_sweep_findings{what="name",action="cleaned"} 1')
    expect(lines).toContain('berth_janitor_last_sweep_findings{what="name",action="left"} 1')
    expect(lines).toContain('berth_janitor_last_sweep_exit_code 1')
    expect(statSync(metrics).mode & 0o777).toBe(0o644)
    expect(dead.count('teardown.ended')).toBe(1)
    rmSync(world.lockFile('folder.ci.localhost'), { recursive: true })
    const blind = world.berth('janitor', '--metrics', join(world.root, 'no/such/folder'))
    await blind.endedWith(70)
    expect(blind.output()).toContain('cannot be written: ENOENT')
  })
})

describe('room', () => {
  test('R-JAN-11 of what stages leave, read-only folders and links that lead out among it, nothing stays, and nothing outside goes', async ({
    world,
  }) => {
    const junk = `cd "$BERTH_WORKSPACE"; mkdir -p ro/inner 'new
line'; touch ro/inner/file; ln -s "$SITES" out; ln -s / root; mkfifo fifo; chmod 500 ro/inner ro; touch "$SITES/kept"`
    world.recipe('app', { stages: { junk } })
    const old = await oldRun(world, 'app', 31)
    const recent = await oldRun(world, 'app', 29)
    await world.berth('janitor', '--dry-run').endedWith(0)
    expect(existsSync(old.folder)).toBe(true)
    const janitor = world.berth('janitor')
    expect(await outputOf(janitor)).toMatch(
      new RegExp(`^run folder +${old.id} +pruned +it ended 31 days ago`, 'm'),
    )
    expect(readdirSync(join(world.state, 'runs'))).toEqual([recent.id])
    expect(existsSync(join(world.sites, 'kept'))).toBe(true)
    const { retention } = JSON.parse(await outputOf(world.berth('janitor', '--json')))
    expect(retention).toMatchObject({ runFolders: 1, days: 30, limitBytes: 10e9 })
    const shown = JSON.parse(await outputOf(world.berth('runs', '--json')))
    expect(shown.map(({ run }: { run: string }) => run)).toEqual([recent.id])
  })
})

describe('no room at all', () => {
  test('R-JAN-11 R-JAN-02 a run that is live, that waits to be cleaned, or that has just ended keeps its folder; the old one goes', async ({
    world,
  }) => {
    const { dead, down } = await deadRun(world)
    world.configure('retention: { days: 1, size: 1B }')
    const inside = world.gate('live')
    world.recipe('live', { stages: { inside: `${GATE} live` } })
    world.recipe('whole')
    const old = await oldRun(world, 'whole', 0.5)
    const live = await world.run('live')
    await inside.reached()
    const janitor = world.berth('janitor', '--json')
    await down.reached()
    const look = JSON.parse(await outputOf(world.berth('janitor', '--dry-run', '--json'), 0))
    expect(look.findings).toMatchObject([
      { what: 'name', name: NAME, action: 'untouched' },
      { what: 'name', name: 'live-0.ci.localhost', action: 'untouched' },
      { what: 'lock file', name: 'whole-0.ci.localhost', action: 'would remove' },
      { what: 'run folder', name: old.id, action: 'would prune' },
    ])
    down.go()
    await janitor.endedWith(10)
    inside.go()
    await live.cli.endedWith(0)
    await world.berth('janitor').endedWith(0)
    expect(readdirSync(join(world.state, 'runs')).sort()).toEqual([dead.id, live.id].sort())
    expect(await outputOf(world.berth('show', live.id))).toContain('success')
  })
})

/** What changes the disk. */
const DURABLE = 'mkdir,fsync,fdatasync,rename,renameat2,link,unlink,rmdir,ftruncate,pwrite64'

describe.skipIf(!HAS_STRACE)('SIGKILL at system calls (strace)', () => {
  test('R-JAN-07 R-JAN-11 case 21: at any call of a sweep: no folder is in its place in parts, and the next sweep ends what it had begun', {
    timeout: 300_000,
  }, async ({ world }) => {
    const texts = await textsOfRun(world)
    const points = callsOfState(await sweepCalls(world, texts, 0, null))
    console.info(`${points.length} points: ${[...new Set(points.map(({ name }) => name))].join(', ')}`)
    expect(new Set(points.map(({ name }) => name))).toEqual(
      new Set(['fdatasync', 'fsync', 'ftruncate', 'link', 'mkdir', 'pwrite64', 'rename', 'rmdir', 'unlink']),
    )
    await sideBySide(points, (point, index) => sweepCalls(world, texts, index + 1, point))
  })
})

/** Calls after the first on the state folder, and before Node keeps its compiled code. */
function callsOfState(calls: readonly Call[]): readonly Call[] {
  return calls.filter(({ line }) => !/compile-cache|\.cache\/node|^mkdir.*EEXIST/.test(line))
}

/** Sweeps a state of its own, killed at one of its calls; gives the calls. */
async function sweepCalls(
  world: World,
  texts: Texts,
  nth: number,
  point: Call | null,
): Promise<readonly Call[]> {
  const { state, ids } = cluttered(world, texts, nth)
  const env = { ...world.env, BERTH_STATE_DIR: state }
  const berth = (...words: readonly string[]) => world.start([BERTH, ...words], { env })
  const command = world.start(['sh', '-c', 'kill -STOP $$; exec "$@"', 'sh', BERTH, 'janitor'], { env })
  await until('a command before its first instruction', () => isStopped(command.pid))
  const words = point === null ? [] : ['-e', `inject=${point.name}:signal=KILL:when=${point.when}`]
  const strace = world.start(['strace', '-p', String(command.pid), '-e', `trace=${DURABLE}`, ...words])
  await strace.says(/attached/)
  kill(command.pid, 'SIGCONT')
  const { code, signal } = await command.ended()
  expect([code, signal], point?.line).toEqual(point === null ? [10, null] : [null, 'SIGKILL'])
  await strace.ended()
  for (const id of ids) {
    const run = join(state, 'runs', id)
    if (!existsSync(run)) continue
    const parts = readdirSync(run, { recursive: true }).filter((part) => !/^(size|\..*)$/.test(String(part)))
    expect(parts, point?.line).toHaveLength(PARTS)
  }
  const lock = join(state, 'mirrors/local-1.git.lock')
  // Half a minute later nobody believes that its owner lives.
  if (existsSync(lock)) utimesSync(lock, 0, 0)
  expect([0, 10], point?.line).toContain((await berth('janitor').ended()).code)
  expect(await outputOf(berth('janitor', '--dry-run')), `${point?.line}`).toBe('Nothing was left.\n')
  const left = ['runs', 'mirrors', 'open', 'tickets', 'locks'].flatMap((part) =>
    readdirSync(join(state, part)).filter((entry) => entry !== 'r:'),
  )
  expect(left, `${point?.line}`).toEqual([])
  return callsIn(strace.output())
}

const PARTS = 8

/** A state folder with something of all that a sweep removes: an old run that still marks its name, a lock file, a ticket, mirrors. */
function cluttered(world: World, { request, journal }: Texts, nth: number) {
  const state = join(world.root, `state-${nth}`)
  const make = (path: string, text = '') => {
    mkdirSync(join(state, path, '..'), { recursive: true })
    writeFileSync(join(state, path), text)
  }
  const ids = ['01aaaaaaaa000001']
  const old = new Date(Date.now() - 40 * DAY_MS)
  for (const id of ids) {
    const result = {
      run: id,
      conclusion: 'success',
      reason: 'passed',
      title: '',
      exitCode: 0,
      verified: true,
    }
    make(`runs/${id}/request.json`, JSON.stringify({ ...JSON.parse(request), run: id }))
    make(`runs/${id}/journal.ndjson`, journal)
    make(`runs/${id}/result.json`, JSON.stringify(result))
    make(`runs/${id}/work/a/file`)
    make(`runs/${id}/work/b`)
    make(`runs/${id}/reported`)
    utimesSync(join(state, `runs/${id}/result.json`), old, old)
  }
  const mark = { run: ids[0], locks: [NAME], since: 1 }
  make(`locks/${NAME}.lock`, `${JSON.stringify(mark)}\n`)
  make(`open/${ids[0]}`, `${JSON.stringify(mark)}\n`)
  make('locks/idle.ci.localhost.lock')
  make('tickets/idle.ci.localhost/00000000000000000001-1', 'a dead waiter')
  for (const mirror of ['local-1.git', '.gone-local-2.git']) make(`mirrors/${mirror}/objects/pack`)
  utimesSync(join(state, 'mirrors/local-1.git'), old, old)
  return { state, ids }
}

interface Texts {
  readonly request: string
  readonly journal: string
}

/** What a real run has written, green and cleaned. */
async function textsOfRun(world: World): Promise<Texts> {
  world.recipe('app')
  const run = await world.run('app')
  await run.cli.endedWith(0)
  const text = (name: string) => readFileSync(join(run.folder, name), 'utf8')
  return { request: text('request.json'), journal: text('journal.ndjson') }
}

/** A run that was killed in its stage `inside`, with all that belongs to it; its teardown parks at `down`. */
async function deadRun(world: World) {
  const [inside, down] = [world.gate('inside'), world.gate('down')]
  const stages = { up: `${SITE} up`, inside: `${GATE} inside` }
  world.recipe('app', { stages, teardown: `${SITE} down gate` })
  const dead = await world.run('app')
  await inside.reached()
  await killAll(dead)
  return { dead, down }
}
