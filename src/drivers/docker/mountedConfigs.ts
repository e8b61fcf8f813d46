import { isMap } from '../../model/enginePolicy/look.ts'
import type { Copies } from './copies.ts'

type Part = Readonly<Record<string, unknown>>

/**
 * The same file with each config as a mount of its copy: docker-compose 1.29 leaves configs out without an error, and newer clients mount them, so that this
 * is what all of them do.
 */
export function withMountedConfigs(file: Part, copies: Copies): Part {
  const { configs, services, ...rest } = file
  if (!isMap(configs)) return file
  const paths = new Map(Object.entries(configs).map(([key, config]) => [key, pathOf(key, config, copies)]))
  const mounted = Object.entries(isMap(services) ? services : {}).map(([name, service]) => [
    name,
    isMap(service) ? withMounts(service, paths) : service,
  ])
  return { ...rest, services: Object.fromEntries(mounted) }
}

/** Where the copy of its file is, or of the text that the compose file has in its place. */
function pathOf(key: string, config: unknown, copies: Copies): string {
  const { file, content } = isMap(config) ? config : {}
  return typeof file === 'string' ? file : copies.write(`.berth-config-${key}`, String(content ?? ''))
}

function withMounts(service: Part, paths: ReadonlyMap<string, string>): Part {
  const { configs, volumes, ...rest } = service
  if (!Array.isArray(configs)) return service
  const mounts = configs.map((reference: unknown) => {
    const { source, target } = isMap(reference) ? reference : { source: reference, target: undefined }
    const path = paths.get(String(source))
    return { type: 'bind', source: path, target: target ?? `/${String(source)}`, read_only: true }
  })
  return { ...rest, volumes: [...(Array.isArray(volumes) ? volumes : []), ...mounts] }
}
