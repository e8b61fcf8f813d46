import { isMap } from '../../model/enginePolicy/look.ts'
import { stackName } from '../../model/names.ts'
import { type Fields, fieldsOf } from '../../model/read.ts'
import type { BackupService, ServiceVolume } from '../coopCloud/backupScope.ts'
import type { Resolved, StackStage } from './stage.ts'

/** The services of what was deployed, by name, as their backup sees them. A swarm's backup programs read a service's labels, others a container's. */
export function servicesOf(
  { request, orchestrator }: StackStage,
  { file }: Resolved,
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
    if (!isMap(mount) || mount['type'] !== 'volume') return []
    const { source, target } = mount
    if (typeof source !== 'string' || typeof target !== 'string') return []
    const { name } = mapIn(declared, source)
    return [{ name: typeof name === 'string' ? name : `${stack}_${source}`, target }]
  })
}

function mapIn(fields: Fields, key: string): Fields {
  const value = fields[key]
  return isMap(value) ? fieldsOf(value, key) : {}
}
