import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { describe, expect } from 'vitest'
import type { Check } from '../src/cli/check.ts'
import { outputOf } from '../test-concurrency/fixtures/started.ts'
import type { World } from '../test-concurrency/fixtures/world.ts'
import { openOwnEngine } from './fixtures/ownEngine.ts'
import { docker } from './fixtures/raw.ts'
import { commit, configureFor, filesOf, type Stacks, test } from './fixtures/stacks.ts'

function aStack(world: World, stacks: Stacks): string {
  const name = stacks.name('site')
  world.recipe(name)
  stacks.write(name)
  commit(world, filesOf({ services: { app: {} } }))
  return name
}

async function checksOf(world: World, code: number): Promise<readonly Check[]> {
  return JSON.parse(await outputOf(world.berth('doctor', '--json'), code))
}

describe('R-DKR-01 what doctor says of Docker', () => {
  test('R-DKR-01 the engine, the swarm and its clients, as the CLI says', async ({ world, stacks }) => {
    aStack(world, stacks)
    const version = docker('version', '--format', '{{.Server.Version}}')
    expect(await checksOf(world, 0)).toEqual(
      expect.arrayContaining([
        { what: 'docker engine', state: 'good', text: `${version} at unix:///var/run/docker.sock` },
        { what: 'docker swarm', state: 'good', text: expect.stringMatching(/^the engine is a manager/) },
        { what: 'docker CLI', state: 'good', text: docker('--version') },
      ]),
    )
  })

  test('R-DKR-01 a CLI that is too old for the files of a stack is told by both, doctor and run, in the same sentence', async ({
    world,
    stacks,
  }) => {
    const name = aStack(world, stacks)
    const folder = join(world.root, 'old')
    mkdirSync(folder)
    symlinkSync(oldCli(), join(folder, 'docker'))
    world.prependPath(folder)
    const told = (await checksOf(world, 1)).find(({ what }) => what === 'docker CLI')
    expect(told).toMatchObject({
      state: 'bad',
      text: expect.stringContaining('docker stack config came with 23.0'),
    })
    const run = world.berth('run', name)
    await run.endedWith(70)
    expect(run.output()).toContain(told?.text.replace(` (recipe ${name} needs it)`, ''))
  })

  test('R-DKR-01 an engine that is in no swarm is told by both, with the command that makes it a manager', async ({
    world,
    stacks,
  }) => {
    const name = aStack(world, stacks)
    await using engine = await openOwnEngine()
    docker('--host', engine.host, 'swarm', 'leave', '--force')
    configureFor(world, stacks, engine.host)
    const told = (await checksOf(world, 1)).find(({ what }) => what === 'docker swarm')
    expect(told).toEqual({
      what: 'docker swarm',
      state: 'bad',
      text: expect.stringContaining('is no swarm manager (swarm: inactive): docker swarm init'),
    })
    const run = world.berth('run', name)
    await run.endedWith(70)
    expect(run.output()).toContain(told?.text.replace(` (recipe ${name} needs it)`, ''))
  })
})

/** Debian's, which comes with its engine. */
function oldCli(): string {
  const found = (process.env['PATH'] ?? '')
    .split(delimiter)
    .map((folder) => join(folder, 'docker'))
    .find((path) => /version (1\d|2[0-2])\./.test(versionOf(path)))
  if (found === undefined)
    throw new Error('no docker command below 23.0: apt-get install docker.io (Debian 12)')
  return found
}

function versionOf(path: string): string {
  try {
    return execFileSync(path, ['--version'], { encoding: 'utf8' })
  } catch {
    return ''
  }
}
