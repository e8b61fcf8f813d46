import { isMap } from '../../model/enginePolicy/look.ts'
import { stackName } from '../../model/names.ts'
import { type Fields, fieldsOf } from '../../model/read.ts'
import type { RunRequest } from '../../model/run.ts'
import type { BackupService, ServiceVolume } from '../coopCloud/backupScope.ts'
import type { Orchestrator, Resolved } from './stage.ts'

/** The services of what was deployed, by name, as their backup sees them. A swarm's backup programs read a service's labels, others a container's. */
export function servicesOf(
  {
    request,
    orchestrator,
  }: {
    readonly request: Pick<RunRequest, 'domain'>
    readonly orchestrator: Pick<Orchestrator, 'driver'>
  },
  { file }: Pick<Resolved, 'file'>,
): readonly BackupService[] {
  const stack = stackName(request.domain)
  return Object.entries(mapIn(file, 'services'))
    .map(([name, value]) => {
      const service = isMap(value) ? value : {}
      const labels = mapIn(orchestrator.driver === 'swarm' ? mapIn(service, 'deploy') : service, 'labels')
      return {
        name,
        labels: Object.fromEntries(Object.entries(labels).map(([key, text]) => [key, String(text)])),
        volumes: volumesOf(service, mapIn(file, 'volumes'), stack),
      }
    })
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

function volumesOf(service: Fields, declared: Fields, stack: string): readonly ServiceVolume[] {
  const mounts: readonly unknown[] = Array.isArray(service['volumes']) ? service['volumes'] : []
  return mounts.flatMap((mount) => {
    const { source, target } = isMap(mount) && mount['type'] === 'volume' ? mount : shortMount(mount)
    if (typeof source !== 'string' || typeof target !== 'string' || !Object.hasOwn(declared, source))
      return []
    const { name } = mapIn(declared, source)
    return [{ name: typeof name === 'string' ? name : `${stack}_${source}`, target }]
  })
}

/** `data:/data:rw`, as docker-compose prints them. */
function shortMount(mount: unknown): { readonly source?: unknown; readonly target?: unknown } {
  if (typeof mount !== 'string') return {}
  const [source, target] = mount.split(':')
  return { source, target }
}

function mapIn(fields: Fields, key: string): Fields {
  const value = fields[key]
  return isMap(value) ? fieldsOf(value, key) : {}
}
