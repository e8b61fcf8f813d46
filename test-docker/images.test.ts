import { readdirSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { openEngine } from '../src/drivers/docker/engine.ts'
import { pruneImages } from '../src/drivers/docker/images.ts'
import { makeImage } from './fixtures/images.ts'
import { docker } from './fixtures/raw.ts'
import { openRegistry } from './fixtures/registry.ts'
import { commit, test as stackTest } from './fixtures/stacks.ts'

test('R-DKR-16 what runs have pulled is bounded, the longest unused goes first, and what anybody uses stays', async () => {
  const name = (word: string) => `berth-test/${word}-${process.pid}:1`
  const [service, container, old, recent, canonical] = [
    'service',
    'container',
    'old',
    'recent',
    'canonical',
  ].map(name)
  const all = [service, container, old, recent, canonical].map(String)
  for (const image of all) makeImage(image)
  docker(
    'service',
    'create',
    '--detach',
    '--no-resolve-image',
    '--replicas',
    '0',
    '--name',
    `user-${process.pid}`,
    String(service),
  )
  const id = docker('create', String(container), 'true')
  onTestFinished(() => {
    docker('service', 'rm', `user-${process.pid}`)
    docker('rm', id)
    for (const image of all) if (isThere(image)) docker('image', 'rm', image)
  })
  const size = Number(docker('image', 'inspect', '--format', '{{.Size}}', String(old)))
  const pulled = [service, container, old, recent, 'berth-test/gone:1'].map((image, index) => ({
    image: String(image),
    lastUsedAt: index,
  }))
  const gone = ['berth-test/gone:1']
  const engine = await openEngine({ host: null, certPath: null })

  expect(await pruneImages(engine, pulled, 5 * size)).toEqual({ gone, removed: [] })
  expect(all.map(isThere)).toEqual([true, true, true, true, true])
  expect(await pruneImages(engine, pulled, size)).toEqual({ gone, removed: [old] })
  expect(all.map(isThere)).toEqual([true, true, false, true, true])
  expect(await pruneImages(engine, pulled, 0)).toEqual({
    gone: [...gone, String(old)],
    removed: [recent],
  })
  expect(all.map(isThere)).toEqual([true, true, false, false, true])
})

function isThere(image: string): boolean {
  return docker('image', 'ls', '--quiet', image) !== ''
}

stackTest(
  'R-DKR-16 what a run has pulled is noted before it comes, and a janitor removes it when it is too much and unused; what somebody else has stays',
  async ({ world, stacks }) => {
    const name = stacks.name('pulls')
    await using registry = await openRegistry()
    const image = `${registry.prefix}/box:1`
    world.recipe(name)
    stacks.write(name)
    const command = ['/busybox', 'sleep', '3600']
    const compose = { version: '3.8', services: { app: { image, command, init: true } } }
    commit(world, { 'compose.yml': JSON.stringify(compose) })
    await world.berth('run', name).endedWith(0)
    expect(isThere(image), 'it stays for the next run').toBe(true)
    const folder = join(world.state, 'images')
    const [record = ''] = readdirSync(folder)
    const sweepWith = async (images: string, ...words: readonly string[]) => {
      world.configure([`instance: ${stacks.instance}`, `retention: { images: ${images} }`].join('\n'))
      const sweep = world.berth('janitor', '--json', ...words)
      await sweep.endedWith(0)
      const { findings } = JSON.parse(sweep.output())
      return findings.filter(({ what }: { what: string }) => what === 'image')
    }

    expect(await sweepWith('1B'), 'a run may be about to deploy it').toEqual([])
    const long = new Date(Date.now() - 2 * 3_600_000)
    utimesSync(join(folder, record), long, long)
    expect(await sweepWith('1GB')).toEqual([])
    const holder = docker('create', image, '/busybox', 'true')
    expect(await sweepWith('1B'), 'a container of somebody has it').toEqual([])
    docker('rm', holder)
    expect(await sweepWith('1B', '--dry-run')).toEqual([
      expect.objectContaining({ name: image, action: 'would prune' }),
    ])
    expect(isThere(image)).toBe(true)
    expect(await sweepWith('1B')).toEqual([expect.objectContaining({ name: image, action: 'pruned' })])
    expect(isThere(image)).toBe(false)
    expect(readdirSync(folder)).toEqual([])
  },
)
