import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { BERTH_LABELS } from '../src/model/stackObjects.ts'
import { killAll, killTogether } from '../test-concurrency/fixtures/crash.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { outputOf } from '../test-concurrency/fixtures/started.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { openCounter } from './fixtures/counter.ts'
import { GONE, labelsFor, leave } from './fixtures/leftovers.ts'
import { openOwnEngine } from './fixtures/ownEngine.ts'
import { docker } from './fixtures/raw.ts'
import { STUBBORN, type StackText } from './fixtures/stackFile.ts'
import { commit, configureFor, filesOf, type Stacks, stackOf, test } from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

const STACK: StackText = {
  services: { app: { volumes: ['data:/data'], configs: ['motd'], secrets: ['password'] } },
  volumes: ['data'],
  configs: { motd: 'welcome' },
  secrets: { password: 'hunter2' },
}

interface Finding {
  readonly what: string
  readonly name: string
  readonly action: string
  readonly why: string
}

interface Parked {
  readonly run: Run
  readonly domain: string
  readonly stack: string
}

/** A run whose stack stands, at a command in one of its containers: no process of the host is left when it dies. */
async function park(world: World, stacks: Stacks, word: string, text = STACK): Promise<Parked> {
  const name = stacks.name(word)
  world.recipe(name)
  const forEver = { exec: { service: 'app', run: 'sleep 3600' } }
  stacks.write(name, { stages: { deploy: { deploy: {} }, check: forEver } })
  commit(world, filesOf(text))
  const run = await world.run(name)
  await run.has('stage.started check')
  return { run, domain: `${name}-0.ci.localhost`, stack: stackOf(name) }
}

/** SIGKILL of everything, and the state folder with it. */
async function loseAll(world: World, { run }: Parked): Promise<void> {
  await killAll(run)
  rmSync(world.state, { recursive: true })
  mkdirSync(world.state)
}

async function sweepOf(world: World, code: number, ...words: readonly string[]): Promise<readonly Finding[]> {
  const { findings } = JSON.parse(await outputOf(world.berth('janitor', '--json', ...words), code))
  return findings
}

/** Others use the same engine: what is in the way of our names may be theirs. */
function about(findings: readonly Finding[], ...names: readonly string[]): readonly string[] {
  return findings
    .filter(({ name }) => names.includes(name))
    .map(({ what, name, action }) => `${what} ${name} ${action}`)
}

/** Several sweeps with their proof each, on an engine that others use. */
const timeout = 400_000

describe('R-JAN-01 R-DKR-17 the janitor where the state folder is gone', { timeout }, () => {
  test('R-JAN-01 R-JAN-02 R-JAN-06 R-DKR-05 R-DKR-10 takes down all that carries our label, under its domain’s lock; others’ stacks and what has no label stand', async ({
    world,
    stacks,
  }) => {
    const dead = await park(world, stacks, 'dead')
    const label = (text: string) => ['--label', text]
    docker('volume', 'create', `${dead.stack}_byhand`)
    onTestFinished(() => void docker('volume', 'rm', `${dead.stack}_byhand`))
    const theirs = `${BERTH_LABELS.instance}=other-${process.pid}`
    docker('volume', 'create', ...label(theirs), `${dead.stack}_theirs`)
    onTestFinished(() => void docker('volume', 'rm', `${dead.stack}_theirs`))
    const ours = [`${BERTH_LABELS.instance}=${stacks.instance}`, `${BERTH_LABELS.run}=${dead.run.id}`]
    const marks = [...ours, `${BERTH_LABELS.domain}=${dead.domain}`].flatMap(label)
    docker('volume', 'create', ...marks, `elsewhere-${process.pid}`)
    await loseAll(world, dead)
    const before = stacks.left()
    expect(before.length).toBeGreaterThan(5)

    const looked = await sweepOf(world, 10, '--dry-run')
    expect(about(looked, dead.domain)).toContain(`stack ${dead.domain} would clean`)
    expect(stacks.left()).toEqual(before)
    expect(existsSync(world.lockFile(dead.domain)), 'a look takes no lock').toBe(false)

    const findings = await sweepOf(world, 10, '--metrics', join(world.root, 'berth.prom'))
    expect(stacks.left()).toEqual([])
    expect(about(findings, dead.domain)).toEqual([
      `stack ${dead.domain} cleaned`,
      `stack ${dead.domain} untouched`,
      `lock file ${dead.domain} removed`,
    ])
    const untouched = findings.find(({ name, action }) => name === dead.domain && action === 'untouched')?.why
    expect(untouched).toContain(`volume ${dead.stack}_byhand`)
    expect(untouched).toContain(`volume ${dead.stack}_theirs (of harness other-${process.pid})`)
    expect(docker('volume', 'ls', '--quiet', '--filter', `name=${dead.stack}`).split('\n')).toHaveLength(2)
    const metrics = readFileSync(join(world.root, 'berth.prom'), 'utf8')
    expect(metrics).toContain('last_sweep_findings{what="stack",action="cleaned"} 1')
    const again = await sweepOf(world, 0)
    expect(about(again, dead.domain)).toEqual([`stack ${dead.domain} untouched`])
  })

  test('R-JAN-02 leaves a live run’s stack alone, also one whose state folder was replaced under it, and a name that is held', async ({
    world,
    stacks,
  }) => {
    const live = await park(world, stacks, 'live')
    const before = stacks.left()
    const beside = await sweepOf(world, 0)
    expect(about(beside, live.domain)).toEqual([`name ${live.domain} untouched`])
    expect(stacks.left()).toEqual(before)

    const { pid, wrapper } = live.run.conductor()
    const away = `${world.state}.away`
    renameSync(world.state, away)
    mkdirSync(world.state)
    const replaced = await sweepOf(world, 0)
    expect(about(replaced, live.domain)).toEqual([
      `stack ${live.domain} untouched`,
      `lock file ${live.domain} removed`,
    ])
    expect(replaced.find(({ name }) => name === live.domain)?.why).toContain(
      `still conducts run ${live.run.id}`,
    )
    expect(stacks.left()).toEqual(before)

    await killTogether(live.run.cli.pid, wrapper, pid)
    const reached = world.gate('held')
    const held = world.hold(live.domain, 'somebody', `${GATE} held`)
    await reached.reached()
    expect(about(await sweepOf(world, 0), live.domain)).toEqual([`stack ${live.domain} untouched`])
    expect(stacks.left()).toEqual(before)
    reached.go()
    await held.endedWith(0)
    expect(about(await sweepOf(world, 10), live.domain)).toContain(`stack ${live.domain} cleaned`)
    expect(stacks.left()).toEqual([])
    rmSync(world.state, { recursive: true })
    renameSync(away, world.state)
    expect(about(await sweepOf(world, 10), live.domain)).toEqual([
      `name ${live.domain} cleaned`,
      `lock file ${live.domain} removed`,
    ])
  })

  test('R-JAN-04 R-DKR-05 one that is killed in the middle leaves the rest to the next; of two at once one does the work', async ({
    world,
    stacks,
  }) => {
    const stubborn = { ...STACK, services: { ...STACK.services, slow: { command: STUBBORN } } }
    const dead = await park(world, stacks, 'dead', stubborn)
    await loseAll(world, dead)
    const killed = world.berth('janitor', '--json')
    await until('the first removals', () => !stacks.left().some((object) => object.startsWith('service ')))
    killed.kill('SIGKILL')
    await killed.ended()
    expect(stacks.left(), 'networks wait for the last container').toContain(`network ${dead.stack}_default`)

    const both = [world.berth('janitor', '--json'), world.berth('janitor', '--json')]
    const codes = await Promise.all(both.map(async (one) => (await one.ended()).code))
    expect(codes.sort()).toEqual([10, 75])
    expect(stacks.left()).toEqual([])
  })

  test('R-JAN-01 R-JAN-07 a mark whose run’s folder is gone stays for a person, and what that run left on the engine goes', async ({
    world,
    stacks,
  }) => {
    const [domain = ''] = leave(stacks, 1)
    world.recipe('any')
    stacks.write('any')
    mkdirSync(join(world.state, 'locks'))
    writeFileSync(world.lockFile(domain), `${JSON.stringify({ run: GONE, locks: [domain], since: 1 })}\n`)
    const findings = await sweepOf(world, 1)
    expect(about(findings, domain)).toEqual([`name ${domain} left`, `stack ${domain} cleaned`])
    expect(stacks.left()).toEqual([])
    expect(world.judge().marks).toEqual({ [domain]: GONE })
    world.leavesDirty()
  })
})

describe('R-JAN-03 what carries our label elsewhere', () => {
  test('R-JAN-03 at no run domain it is untouched, and no lock is made for it; without a domain it is left, by name', async ({
    world,
    stacks,
  }) => {
    world.recipe('any')
    stacks.write('any')
    const [canonical, astray] = [`canonical-${process.pid}`, `astray-${process.pid}`]
    docker('volume', 'create', ...labelsFor(stacks, 'cloud.example.org'), canonical)
    docker('volume', 'create', ...labelsFor(stacks, '../../evil'), astray)
    const findings = await sweepOf(world, 1)
    expect(about(findings, 'cloud.example.org', `volume ${astray}`)).toEqual([
      'stack cloud.example.org untouched',
      `stack volume ${astray} left`,
    ])
    expect(readdirSync(join(world.state, 'locks')).filter((name) => name.endsWith('.lock'))).toEqual([])
    expect(stacks.left()).toEqual([`volume ${astray}`, `volume ${canonical}`])
    docker('volume', 'rm', canonical, astray)
  })
})

describe('R-JAN-01 the janitor and the engine', () => {
  test('R-JAN-01 R-DKR-04 asks it no more often for twenty stacks than for one', async ({
    world,
    stacks,
  }) => {
    world.recipe('any')
    stacks.write('any')
    await using counter = await openCounter()
    configureFor(world, stacks, counter.host)
    const looks: number[] = []
    for (const count of [1, 20]) {
      const before = counter.gets()
      const domains = leave(stacks, count)
      const findings = await sweepOf(world, 10)
      expect(about(findings, ...domains).filter((line) => line.endsWith('cleaned'))).toHaveLength(count)
      looks.push(counter.gets() - before)
    }
    const [one = 0, twenty = 0] = looks
    expect(one).toBeGreaterThan(20)
    // A look has seven calls, and a slow engine may need one more look.
    expect(Math.abs(twenty - one)).toBeLessThanOrEqual(7)
  })

  test('R-JAN-01 R-DKR-11 sweeps one that is in no swarm, where compose has been at work', async ({
    world,
    stacks,
  }) => {
    world.recipe('any')
    stacks.write('any')
    await using engine = await openOwnEngine()
    const there = (...words: readonly string[]) => docker('--host', engine.host, ...words)
    there('swarm', 'leave', '--force')
    configureFor(world, stacks, engine.host)
    const [domain = ''] = leave(stacks, 1, there)
    const project = domain.replaceAll('.', '_')
    const marks = labelsFor(stacks, domain, [`com.docker.compose.project=${project}`])
    there('network', 'create', ...marks, `${project}_default`)
    there('network', 'create', 'proxy')
    expect(about(await sweepOf(world, 10), domain)).toContain(`stack ${domain} cleaned`)
    expect(there('volume', 'ls', '--quiet')).toBe('')
    const networks = there('network', 'ls', '--format', '{{.Name}}').split('\n')
    expect(networks).toContain('proxy')
    expect(networks).not.toContain(`${project}_default`)
  })

  test('R-JAN-06 R-JAN-07 says of one that does not answer, and that a recipe needs, that it does not; in a bounded time', async ({
    world,
    stacks,
  }) => {
    world.recipe('any')
    stacks.write('any')
    const socket = join(world.root, 'silent.sock')
    const silent = createServer(() => undefined).listen(socket)
    onTestFinished(() => void silent.close())
    for (const [host, why] of [
      ['unix:///nowhere/docker.sock', 'No Docker Engine answers at unix:///nowhere/docker.sock'],
      [`unix://${socket}`, `The Docker Engine at unix://${socket} did not say what it is within 20 s`],
    ] as const) {
      configureFor(world, stacks, host)
      const metrics = join(world.root, 'berth.prom')
      const report = JSON.parse(await outputOf(world.berth('janitor', '--json', '--metrics', metrics), 1))
      expect(report.findings).toContainEqual({
        what: 'engine',
        name: '',
        action: 'left',
        why: expect.stringContaining(why),
      })
      expect(report.tookMs).toBeLessThan(40_000)
      expect(readFileSync(metrics, 'utf8')).toContain('last_sweep_findings{what="engine",action="left"} 1')
    }
  })
})
