import { type Fields, fieldsOf, numberOf, optional, textOf, textsOf } from '../../model/read.ts'
import type { Engine } from './engine.ts'
import { EngineError, isMissing } from './engineError.ts'

/** An image that a run had to pull: nobody else has asked for it. */
export interface PulledImage {
  readonly image: string
  readonly lastUsedAt: number
}

/**
 * Removes what runs have pulled, longest unused first, until the rest of it takes no more than `mostBytes`. What any container or service
 * names stays, whoever's it is; layers that two images share count twice. Names what was removed, or was gone already.
 * @throws EngineError
 */
export async function pruneImages(
  engine: Engine,
  pulled: readonly PulledImage[],
  mostBytes: number,
): Promise<readonly string[]> {
  const [sizes, used] = await Promise.all([sizesOf(engine), usedImages(engine)])
  const removed: string[] = []
  let bytes = 0
  for (const { image } of pulled.toSorted((a, b) => b.lastUsedAt - a.lastUsedAt)) {
    const size = sizes.get(image)
    if (size !== undefined && (used.has(image) || bytes + size <= mostBytes)) bytes += size
    else if (size === undefined || (await removeImage(engine, image))) removed.push(image)
  }
  return removed
}

/** By every name that an image has here. */
async function sizesOf(engine: Engine): Promise<ReadonlyMap<string, number>> {
  const images = await engine.call<unknown[]>('list images', (docker, abortSignal) =>
    docker.listImages({ abortSignal }),
  )
  return new Map(
    images.flatMap((raw) => {
      const fields = fieldsOf(raw, 'image')
      const size = numberOf(fields, 'Size')
      return ['RepoTags', 'RepoDigests'].flatMap((key) =>
        (optional(fields, key, textsOf) ?? []).map((name) => [name, size] as const),
      )
    }),
  )
}

async function usedImages(engine: Engine): Promise<ReadonlySet<string>> {
  const [containers, services] = await Promise.all([
    engine.call<unknown[]>('list containers', (docker, abortSignal) =>
      docker.listContainers({ all: true, abortSignal }),
    ),
    engine.call<unknown[]>('list services', (docker, abortSignal) => docker.listServices({ abortSignal })),
  ])
  return new Set([
    ...containers.map((raw) => textOf(fieldsOf(raw, 'container'), 'Image')),
    ...services.flatMap((raw) => imageOf(fieldsOf(raw, 'service'))),
  ])
}

/** None where it runs no containers, but plugins. */
function imageOf(service: Fields): readonly string[] {
  const template = fieldsOf(fieldsOf(service['Spec'], 'Spec')['TaskTemplate'], 'TaskTemplate')
  const container = optional(template, 'ContainerSpec', (fields, key) => fieldsOf(fields[key], key))
  return container === null ? [] : [textOf(container, 'Image')]
}

/** Not by force: the engine refuses where somebody has begun to use it since. */
async function removeImage(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.call(`remove image ${image}`, (docker, abortSignal) =>
      docker.getImage(image).remove({ abortSignal }),
    )
    return true
  } catch (error) {
    if (isMissing(error)) return true
    if (error instanceof EngineError && error.fault === 'refused') return false
    throw error
  }
}
