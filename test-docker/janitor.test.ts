import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished } from 'vitest'
import { BERTH_LABELS } from '../src/model/stackObjects.ts'
import { killAll, killTogether } from '../test-concurrency/fixtures/crash.ts'
import type { Run } from '../test-concurrency/fixtures/run.ts'
import { outputOf } from '../test-concurrency/fixtures/started.ts'
import { GATE, type World } from '../test-concurrency/fixtures/world.ts'
import { docker } from './fixtures/raw.ts'
import type { StackText } from './fixtures/stackFile.ts'
import { commit, filesOf, type Stacks, stackOf, test } from './fixtures/stacks.ts'

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

describe('R-JAN-03 R-DKR-17 the janitor where the state folder is gone', () => {
  test('R-JAN-03 R-DKR-05 R-DKR-10 takes down all that carries our label, under its domain’s lock; others’ stacks and what has no label stand', async ({
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

  test('R-JAN-02 R-JAN-03 leaves a live run’s stack alone, also one whose state folder was replaced under it, and a name that is held', async ({
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
})
