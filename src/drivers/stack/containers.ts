import { HarnessError } from '../../errors.ts'
import { stackName } from '../../model/names.ts'
import type { Engine } from '../docker/engine.ts'
import type { StackStage, TaskContainer } from './stage.ts'

/** What the swarm puts on the containers of its tasks. */
const SERVICE_LABEL = 'com.docker.swarm.service.name'
/** Every container of a network that is not internal has an address in it that the host, and only the host, reaches. */
const GATEWAY = 'docker_gwbridge'

/**
 * The running containers of a service of the run's stack on the engine's node.
 * @throws EngineError; HarnessError NO_SERVICE where the stack has none of that name
 */
export function containersOf(
  { request, orchestrator }: StackStage,
  engine: Engine,
  service: string,
): Promise<readonly TaskContainer[]> {
  return orchestrator.containersOf(engine, stackName(request.domain), service)
}

/** As `containersOf`, in a swarm. */
export async function taskContainers(
  engine: Engine,
  stack: string,
  service: string,
): Promise<readonly TaskContainer[]> {
  const name = `${stack}_${service}`
  const filters = { label: [`${SERVICE_LABEL}=${name}`], status: ['running'] }
  const running = await engine.call(`list the containers of ${name}`, (docker, abortSignal) =>
    docker.listContainers({ filters, abortSignal }),
  )
  if (running.length === 0) await requireService(engine, name, service)
  const addresses = await addressesIn(engine)
  return running.map(({ Id }) => ({ id: Id, address: addresses.get(Id) ?? null }))
}

async function requireService(engine: Engine, name: string, service: string): Promise<void> {
  const services = await engine.call('list services', (docker, abortSignal) =>
    docker.listServices({ filters: { name: [name] }, abortSignal }),
  )
  if (!services.some(({ Spec }) => Spec?.Name === name)) throw noService(service)
}

export function noService(service: string): HarnessError {
  return new HarnessError(
    'NO_SERVICE',
    `the stack has no service ${service}; write one of its compose files in the stage`,
  )
}

async function addressesIn(engine: Engine): Promise<ReadonlyMap<string, string>> {
  const { Containers: containers } = await engine.call(`look at ${GATEWAY}`, (docker) =>
    docker.getNetwork(GATEWAY).inspect(),
  )
  return new Map(
    Object.entries(containers ?? {}).flatMap(([id, { IPv4Address: withMask = '' }]) => {
      const [address = ''] = withMask.split('/')
      return address === '' ? [] : [[id, address] as const]
    }),
  )
}
