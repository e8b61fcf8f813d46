import { randomBytes } from 'node:crypto'
import { type Engine, openEngine } from '../../src/drivers/docker/engine.ts'
import { listObjects, removeObject } from '../../src/drivers/docker/objects.ts'
import { BERTH_LABELS, STACK_LABEL } from '../../src/model/stackObjects.ts'
import { IMAGE, makeImage } from '../../test-docker/fixtures/images.ts'

/** What the service of each stack is: without a task, or with one that no node may have. */
export const IDLE_STACK = {
  empty: { replicas: 0, constraints: [] },
  waiting: { replicas: 1, constraints: ['node.labels.berth-bench==nowhere'] },
} as const

type Kind = (typeof IDLE_STACK)[keyof typeof IDLE_STACK]

export interface IdleStacks extends AsyncDisposable {
  readonly address: { readonly host: string | null; readonly certPath: null }
  readonly instance: string
  readonly names: readonly string[]
}

const AT_A_TIME = 4

/** Puts so many stacks on the engine, none of which runs anything; disposing takes away what is left of them. */
export async function putStacks(count: number, kind: Kind, signal: AbortSignal): Promise<IdleStacks> {
  makeImage()
  const address = { host: process.env['DOCKER_HOST'] ?? null, certPath: null }
  const instance = `bench-${randomBytes(4).toString('hex')}`
  const engine = await openEngine(address)
  const names = Array.from({ length: count }, (_, index) => `${instance}-${index}_example_org`)
  const takeAway = async () => {
    for (const object of await listObjects(engine, instance))
      if (object.labels[BERTH_LABELS.instance] === instance && object.kind !== 'task')
        await removeObject(engine, object)
  }
  try {
    const rest = names.values()
    const worker = async (): Promise<void> => {
      for (const stack of rest) {
        signal.throwIfAborted()
        await put(engine, instance, stack, kind)
      }
    }
    await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  } catch (error) {
    await takeAway()
    throw error
  }
  return { address, instance, names, [Symbol.asyncDispose]: takeAway }
}

async function put(
  engine: Engine,
  instance: string,
  stack: string,
  { replicas, constraints }: Kind,
): Promise<void> {
  const Labels = {
    [BERTH_LABELS.instance]: instance,
    [BERTH_LABELS.run]: `r-${stack}`,
    [STACK_LABEL]: stack,
  }
  const named = (name: string) => ({ Name: `${stack}_${name}`, Labels })
  const data = { Data: Buffer.from('a word').toString('base64') }
  const network = { ...named('default'), Driver: 'overlay' }
  const app = {
    ...named('app'),
    TaskTemplate: {
      ContainerSpec: { Image: IMAGE, Labels },
      Networks: [{ Target: network.Name }],
      Placement: { Constraints: [...constraints] },
    },
    Mode: { Replicated: { Replicas: replicas } },
  }
  await engine.call('make a network', (docker) => docker.createNetwork(network))
  await engine.call('make a config', (docker) => docker.createConfig({ ...named('settings'), ...data }))
  await engine.call('make a secret', (docker) => docker.createSecret({ ...named('word'), ...data }))
  await engine.call('make a service', (docker) => docker.createService(app))
}
