/**
 * An upgrade in the middle of a run, and the way back, with real services and real processes: an older commit of berth starts a run and
 * is stopped, this one follows and concludes it on the same state folder; then the older one is started again.
 * usage: node scripts/upgrade-try.ts COMMIT        checks it out beside, with its own packages (npm ci)
 *        node scripts/upgrade-try.ts --at FOLDER   a clone of an older berth that has its packages
 */
import { execFileSync } from 'node:child_process'
import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Gate } from '../test-concurrency/fixtures/gate.ts'
import { probe } from '../test-concurrency/fixtures/judge.ts'
import { outputOf } from '../test-concurrency/fixtures/started.ts'
import { until } from '../test-concurrency/fixtures/until.ts'
import { GATE, makeWorld, REPOSITORY, SITE, type World } from '../test-concurrency/fixtures/world.ts'
import type { AskedRun } from '../test-concurrency/service/fixtures/people.ts'
import { type Scene, startScene } from '../test-concurrency/service/fixtures/scene.ts'
import { type Service, startServe } from '../test-concurrency/service/fixtures/service.ts'

const BERTH = 'scripts/berth'
const DATABASE = ['berth.db', 'berth.db-wal', 'berth.db-shm']

const { values, positionals } = parseArgs({ options: { at: { type: 'string' } }, allowPositionals: true })
const [commit = null] = positionals
if ((commit === null) === (values.at === undefined)) {
  console.error('usage: node scripts/upgrade-try.ts COMMIT | --at FOLDER')
  process.exit(2)
}
process.exitCode = await main()

interface Stage {
  readonly world: World
  readonly scene: Scene
  readonly old: string
  readonly inside: Gate
  readonly services: Service[]
}

async function main(): Promise<number> {
  using undo = new DisposableStack()
  const old = realpathSync(values.at ?? checkedOut(commit ?? '', undo))
  console.log(`old: ${versionOf(old)}\nnew: ${versionOf(REPOSITORY)}`)
  const world = makeWorld()
  undo.defer(() => rmSync(world.root, { recursive: true, force: true }))
  undo.defer(() => world.close())
  try {
    await using scene = await startScene(world)
    await play({ world, scene, old, inside: world.gate('inside'), services: [] })
    return 0
  } catch (error) {
    console.error(world.dump())
    console.error(error)
    return 1
  }
}

function checkedOut(revision: string, undo: DisposableStack): string {
  const folder = join(mkdtempSync(join(tmpdir(), 'berth-upgrade-')), 'old')
  const git = (...words: readonly string[]) =>
    execFileSync('git', words, { cwd: REPOSITORY, stdio: 'inherit' })
  git('worktree', 'add', '--detach', '--quiet', folder, revision)
  undo.defer(() => git('worktree', 'remove', '--force', folder))
  const words = ['ci', '--omit=dev', '--no-audit', '--no-fund', '--loglevel=error']
  execFileSync('npm', words, { cwd: folder, stdio: 'inherit' })
  return folder
}

function versionOf(folder: string): string {
  return execFileSync('git', ['log', '-1', '--format=%h %s'], { cwd: folder, encoding: 'utf8' }).trim()
}

async function play(stage: Stage): Promise<void> {
  const { scene, services } = stage
  scene.recipe('app', {
    stages: { up: `${SITE} up`, inside: `${GATE} inside`, check: `${SITE} check` },
  })
  scene.configure()
  try {
    const runs = await upgrade(stage)
    await wayBack(stage, runs)
    await nothingIsLeft(stage)
  } finally {
    for (const service of services) if (!service.started.isOver()) service.started.kill('SIGKILL')
    for (const service of services) await service.started.ended()
  }
}

async function upgrade(stage: Stage): Promise<readonly AskedRun[]> {
  const { scene, old, inside } = stage
  const before = await serve(stage, old)
  const [first, second] = [await scene.testme(1), await scene.testme(1)]
  await inside.reached()
  await first.shows('its stage', ({ output }) => (output.title ?? '').startsWith('Stage inside'))
  said('the old version has a run in the middle of its stage, and one that waits behind it')
  await outputOf(stage.world.start([join(old, BERTH), 'backup', backupOf(stage)]))
  await before.stop()
  const { pid } = first.conductor()
  expect(
    first.check().status === 'in_progress' && runsIn(pid, old),
    'its process goes on without the service',
  )
  said('the old service has ended in order; the run goes on, in the old version’s folder')

  const after = await serve(stage, REPOSITORY)
  expect(first.conductor().pid === pid, 'the same process conducts it')
  inside.go()
  await endsGreenOnce(scene, first)
  said(
    'the new service has concluded it: one check run, one end, success, one process from its beginning to its end',
  )
  await inside.reached()
  expect(runsIn(second.conductor().pid, REPOSITORY), 'what waited runs with the new version')
  inside.go()
  await endsGreenOnce(scene, second)
  said('the new version has started and concluded what waited')
  expect(after.errors().length === 0, `no faults in its log: ${after.errors().join('; ')}`)
  await after.stop()
  return [first, second]
}

/** Straight back where the schema is the same; else an older berth refuses the records, and the copy of before the upgrade is there. */
async function wayBack(stage: Stage, runs: readonly AskedRun[]): Promise<void> {
  const { scene, world, old, inside, services } = stage
  const straight = startServe(world, scene.env, join(old, BERTH))
  services.push(straight)
  await until('the old service to be ready or over', () => straight.started.isOver() || isReady(straight))
  if (straight.started.isOver()) {
    expect(/newer berth/.test(straight.started.output()), 'the old version says why it does not start')
    said('back: the old version refuses the records, and says so; the copy takes their place')
    for (const name of DATABASE) rmSync(join(world.state, name), { force: true })
    copyFileSync(backupOf(stage), join(world.state, 'berth.db'))
    await serve(stage, old)
  } else said('back: the schema is the same, and the old version takes the records as they are')
  for (const run of runs) {
    expect((await run.completed()).conclusion === 'success', `run ${run.id} is still green`)
    expect(scene.checks.of(run.id) !== null, `run ${run.id} has one check run`)
  }
  const third = await scene.testme(1)
  await inside.reached()
  inside.go()
  await endsGreenOnce(scene, third)
  said('the old version works on: another run is asked for, and green')
  await services.at(-1)?.stop()
}

async function serve(stage: Stage, folder: string): Promise<Service> {
  const service = startServe(stage.world, stage.scene.env, join(folder, BERTH))
  stage.services.push(service)
  return service.ready()
}

function isReady(service: Service): boolean {
  return service.log().some(({ msg }) => msg === 'service.ready')
}

function backupOf({ world }: Stage): string {
  return join(world.root, 'before.db')
}

async function endsGreenOnce({ checks }: Scene, run: AskedRun): Promise<void> {
  const { conclusion } = await run.completed()
  expect(conclusion === 'success', `run ${run.id} is green, and not ${conclusion}`)
  expect(
    checks.story(run.id).join() === 'queued,in_progress,success',
    `its check was ${checks.story(run.id).join()}`,
  )
  expect(checks.ends(run.id) === 1, 'GitHub is told of its end once')
  expect(run.count('process.started') === 1, 'one process conducts it')
}

async function nothingIsLeft({ world }: Stage): Promise<void> {
  await until('the end of all processes', () => probe(world.state).processes.length === 0)
  const { locks, marks, open } = probe(world.state)
  const held = Object.entries(locks).filter(([, state]) => state !== 'free')
  expect(held.length + Object.keys(marks).length + open.length === 0, 'no lock, mark or entry is left')
  said('nothing is left: no process, no lock, no mark')
}

/** The version that a process is of, by the program that it runs or the words that it was started with. */
function runsIn(pid: number, folder: string): boolean {
  if (!existsSync(`/proc/${pid}`)) return false
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
  return [readlinkSync(`/proc/${pid}/exe`), ...words].some((word) => word.startsWith(join(folder, 'src/')))
}

function expect(isSo: boolean, what: string): void {
  if (!isSo) throw new Error(`not so: ${what}`)
}

function said(text: string): void {
  console.log(`ok  ${text}`)
}
