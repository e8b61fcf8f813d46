import { expect, onTestFinished, test } from 'vitest'
import { openEngine } from '../src/drivers/docker/engine.ts'
import { pruneImages } from '../src/drivers/docker/images.ts'
import { makeImage } from './fixtures/images.ts'
import { docker } from './fixtures/raw.ts'

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
  const engine = await openEngine({ host: null, certPath: null })

  expect(await pruneImages(engine, pulled, 5 * size)).toEqual(['berth-test/gone:1'])
  expect(all.map(isThere)).toEqual([true, true, true, true, true])
  expect(await pruneImages(engine, pulled, size)).toEqual(['berth-test/gone:1', old])
  expect(all.map(isThere)).toEqual([true, true, false, true, true])
  expect(await pruneImages(engine, pulled, 0)).toEqual(['berth-test/gone:1', recent, old])
  expect(all.map(isThere)).toEqual([true, true, false, false, true])
})

function isThere(image: string): boolean {
  return docker('image', 'ls', '--quiet', image) !== ''
}
