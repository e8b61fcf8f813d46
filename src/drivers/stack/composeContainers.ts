import type Dockerode from 'dockerode'
import { PROJECT_LABEL } from '../../model/stackObjects.ts'
import type { Engine } from '../docker/engine.ts'
import { SERVICE_LABEL } from '../docker/project.ts'
import { noService } from './containers.ts'
import type { TaskContainer } from './stage.ts'

type Info = Dockerode.ContainerInfo

/**
 * The running containers of a service of a compose project.
 * @throws EngineError; HarnessError NO_SERVICE where the project has none of that name
 */
export async function projectContainers(
  engine: Engine,
  stack: string,
  service: string,
): Promise<readonly TaskContainer[]> {
  const filters = { label: [`${PROJECT_LABEL}=${stack}`] }
  const all = await engine.call(`list the containers of ${stack}`, (docker, abortSignal) =>
    docker.listContainers({ all: true, filters, abortSignal }),
  )
  const own = all.filter(({ Labels }) => Labels[SERVICE_LABEL] === service)
  if (own.length === 0) throw noService(service)
  const bridges = await bridgesOf(engine)
  return own
    .filter(({ State }) => State === 'running')
    .map((container) => ({ id: container.Id, address: addressOf(container, all, bridges) }))
}

/** The host has an address in each of them; of networks that span several hosts it has none. */
async function bridgesOf(engine: Engine): Promise<ReadonlySet<string>> {
  const networks = await engine.call('list networks', (docker, abortSignal) =>
    docker.listNetworks({ filters: { driver: ['bridge'] }, abortSignal }),
  )
  return new Set(networks.map(({ Id }) => Id))
}

const LOOPBACK = '127.0.0.1'

function addressOf(container: Info, all: readonly Info[], bridges: ReadonlySet<string>): string | null {
  const mode = container.HostConfig.NetworkMode
  if (mode === 'host') return LOOPBACK
  if (mode.startsWith('container:')) {
    const other = all.find(({ Id }) => Id === mode.slice('container:'.length))
    return other === undefined ? null : addressOf(other, all, bridges)
  }
  const networks = Object.values(container.NetworkSettings.Networks)
  const reached = networks.find(({ NetworkID, IPAddress }) => bridges.has(NetworkID) && IPAddress !== '')
  return reached?.IPAddress ?? null
}
