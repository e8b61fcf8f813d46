import { execFileSync } from 'node:child_process'
import { afterAll, beforeAll, expect } from 'vitest'
import { makeImage } from './fixtures/images.ts'
import { type OwnEngine, openOwnEngine } from './fixtures/ownEngine.ts'
import { docker, everything, lines } from './fixtures/raw.ts'
import type { StackText } from './fixtures/stackFile.ts'
import { commit, configureFor, filesOf, test } from './fixtures/stacks.ts'
import { until } from './fixtures/until.ts'

/** How many deploys and teardowns, after one that is for what the engine makes but once; more by `BERTH_ROW=30`. */
const ROW = Number(process.env['BERTH_ROW'] ?? 3)
const MOST_MS_EACH = 120_000

/**
 * Eight addresses, of which the network itself needs four, and a run two, for the service and for its task: if it gave back one less than it has taken,
 * the fourth one would wait for ever.
 */
const FEW_ADDRESSES = '10.213.7.0/29'

const STACK: StackText = {
  services: {
    app: {
      ports: ['8080'],
      networks: ['inner', 'default'],
      volumes: ['data:/data'],
      configs: ['motd'],
      secrets: ['password'],
    },
    database: { networks: ['inner'] },
  },
  networks: ['inner'],
  volumes: ['data'],
  configs: { motd: 'welcome' },
  secrets: { password: 'hunter2' },
}

let engine: OwnEngine

beforeAll(async () => {
  engine = await openOwnEngine()
  // Of this file's process alone: the CLI that judges follows it.
  process.env['DOCKER_HOST'] = engine.host
  makeImage()
})

afterAll(async () => {
  delete process.env['DOCKER_HOST']
  await engine[Symbol.asyncDispose]()
})

test(`R-DKR-04 R-DKR-10 ${ROW} deploys and teardowns in a row leave objects, dangling volumes, disk use and addresses as they were`, {
  timeout: (ROW + 2) * MOST_MS_EACH,
}, async ({ world, stacks }) => {
  await makeIngress()
  const name = stacks.name('row')
  world.recipe(name)
  stacks.write(name, {
    stages: {
      deploy: { deploy: {} },
      write: { exec: { service: 'app', run: 'echo some >/data/some; echo more >/tmp/more' } },
    },
    more: { allow: { ports: ['any', '8080'] } },
  })
  commit(world, filesOf(STACK))
  configureFor(world, stacks, engine.host)
  const one = async (): Promise<void> => {
    const run = await world.run(name)
    await until('the end of the run', () => run.result(), MOST_MS_EACH)
    await run.cli.endedWith(0)
    expect(run.result()).toMatchObject({ conclusion: 'success', verified: true })
  }
  await one()
  const before = engineNow(engine)
  for (let turn = 0; turn < ROW; turn += 1) await one()
  expect(engineNow(engine)).toEqual(before)
})

/** In place of the engine's own, which has room for thirty runs that give nothing back. */
async function makeIngress(): Promise<void> {
  execFileSync('docker', ['network', 'rm', 'ingress'], { input: 'y\n', stdio: 'pipe' })
  const names = () => lines('network', 'ls', '--format', '{{.Name}}')
  await until('the end of the old ingress', () => !names().includes('ingress'))
  docker('network', 'create', '--driver', 'overlay', '--ingress', '--subnet', FEW_ADDRESSES, 'ingress')
}

/** All that a run could leave, as the CLI and the engine's own folder show it. */
function engineNow({ root }: OwnEngine): Readonly<Record<string, unknown>> {
  const inspected = (network: string) => JSON.parse(docker('network', 'inspect', '--verbose', network))
  return {
    objects: everything(),
    dangling: lines('volume', 'ls', '--quiet', '--filter', 'dangling=true'),
    images: lines('image', 'ls', '--all', '--quiet'),
    use: docker('system', 'df', '--format', '{{.Type}} {{.TotalCount}} {{.Size}}'),
    ingress: inspected('ingress'),
    gateway: inspected('docker_gwbridge'),
    files: filesBelow(`${root}/data/volumes`, `${root}/data/containers`),
    mounts: execFileSync('sh', ['-c', `grep -c ' ${root}/' /proc/mounts || true`], { encoding: 'utf8' }),
  }
}

/** Each with its size, but the engine's own book of volumes, which keeps the room that it once took. */
function filesBelow(...folders: readonly string[]): readonly string[] {
  const words = [...folders, '!', '-name', 'metadata.db', '-printf', '%y %s %p\n']
  return execFileSync('find', words, { encoding: 'utf8' }).trim().split('\n').toSorted()
}
