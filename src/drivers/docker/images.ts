import { type Fields, fieldsOf, numberOf, optional, textOf, textsOf } from '../../model/read.ts'
import type { PulledImage } from '../../store/pulledImages.ts'
import { type Engine, kindsOf } from './engine.ts'
import { EngineError, isMissing } from './engineError.ts'
import { familiarName } from './imageName.ts'

/** What is to go of the images that runs have pulled. */
export interface ExcessImages {
  /** Somebody else has removed them already. */
  readonly gone: readonly string[]
  /** Longest unused last. */
  readonly excess: readonly { readonly image: string; readonly bytes: number }[]
}

/**
 * What runs have pulled and is too much, until the rest takes no more than `mostBytes`. What any container or service has stays, whoever's it is and by
 * whichever name; layers that two images share count twice.
 * @throws EngineError
 */
export async function excessImages(
  engine: Engine,
  pulled: readonly PulledImage[],
  mostBytes: number,
): Promise<ExcessImages> {
  const there = await imagesByName(engine)
  const used = await usedImages(engine, there)
  const gone: string[] = []
  const excess: { image: string; bytes: number }[] = []
  let kept = 0
  for (const { image } of pulled.toSorted((a, b) => b.lastUsedAt - a.lastUsedAt)) {
    const found = there.get(familiarName(image))
    if (found === undefined) gone.push(image)
    else if (used.has(found.id) || kept + found.bytes <= mostBytes) kept += found.bytes
    else excess.push({ image, bytes: found.bytes })
  }
  return { gone, excess }
}

/**
 * Removes what is too much, and what the engine lets go; or says what is gone already.
 * @param mayRemove asked right before each: whether a run has asked for it since
 * @throws EngineError
 */
export async function pruneImages(
  engine: Engine,
  pulled: readonly PulledImage[],
  mostBytes: number,
  mayRemove: (image: string) => boolean = () => true,
): Promise<{ readonly gone: readonly string[]; readonly removed: readonly string[] }> {
  const { gone, excess } = await excessImages(engine, pulled, mostBytes)
  const removed: string[] = []
  for (const { image } of excess)
    if (mayRemove(image) && (await removeImage(engine, image))) removed.push(image)
  return { gone, removed }
}

interface ImageThere {
  readonly id: string
  readonly bytes: number
}

/** By every name that an image has here. */
async function imagesByName(engine: Engine): Promise<ReadonlyMap<string, ImageThere>> {
  const images = await engine.call<unknown[]>('list images', (docker, abortSignal) =>
    docker.listImages({ abortSignal }),
  )
  return new Map(
    images.flatMap((raw) => {
      const fields = fieldsOf(raw, 'image')
      const image = { id: textOf(fields, 'Id'), bytes: numberOf(fields, 'Size') }
      return ['RepoTags', 'RepoDigests'].flatMap((key) =>
        (optional(fields, key, textsOf) ?? []).map((name) => [name, image] as const),
      )
    }),
  )
}

/** Ids: what somebody has may have got another name since, or have had another one. */
async function usedImages(
  engine: Engine,
  there: ReadonlyMap<string, ImageThere>,
): Promise<ReadonlySet<string>> {
  const services = await listServices(engine)
  // After the services: what a service has started since is a container by then.
  const containers = await engine.call<unknown[]>('list containers', (docker, abortSignal) =>
    docker.listContainers({ all: true, abortSignal }),
  )
  const named = services
    .flatMap((raw) => imageOf(fieldsOf(raw, 'service')))
    .flatMap((image) => [image, image.replace(/@.*$/, '')])
    .flatMap((image) => there.get(familiarName(image))?.id ?? [])
  return new Set([...named, ...containers.map((raw) => textOf(fieldsOf(raw, 'container'), 'ImageID'))])
}

async function listServices(engine: Engine): Promise<readonly unknown[]> {
  if (!(await kindsOf(engine)).includes('service')) return []
  return engine.call<unknown[]>('list services', (docker, abortSignal) =>
    docker.listServices({ abortSignal }),
  )
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
      docker.getImage(familiarName(image)).remove({ abortSignal }),
    )
    return true
  } catch (error) {
    if (isMissing(error)) return true
    if (error instanceof EngineError && error.fault === 'refused') return false
    throw error
  }
}
