import { bytesOf } from './enginePolicy/limits.ts'
import { isMap } from './enginePolicy/look.ts'
import { isLimited, type Limits } from './limits.ts'

type Part = Readonly<Record<string, unknown>>

/** Files of older versions cannot say how many processes a service may have. */
const LEAST_VERSION = 9

/**
 * The same file, in which no service may use more than the run: what a service itself says holds where it is tighter. The engine keeps each limit for
 * each container.
 */
export function withLimits(file: Part, limits: Limits, driver: 'swarm' | 'compose'): Part {
  if (!isLimited(limits)) return file
  const services = Object.entries(partOf(file['services'])).map(([name, service]) => {
    const own = partOf(service)
    return [name, driver === 'swarm' ? limited(own, limits) : limitedForCompose(own, limits)]
  })
  return { ...file, ...versionFor(file, limits, driver), services: Object.fromEntries(services) }
}

function versionFor({ version }: Part, { processes }: Limits, driver: 'swarm' | 'compose'): Part {
  const [, minor = '0'] = String(version ?? '').split('.')
  if (driver === 'compose' || processes === null || Number(minor) >= LEAST_VERSION) return {}
  return { version: `3.${LEAST_VERSION}` }
}

/** The swarm reads what stands under `deploy`. What is reserved is no more than what may be used: no container would start. */
function limited(service: Part, { memoryBytes, processes, cpus }: Limits): Part {
  const deploy = partOf(service['deploy'])
  const resources = partOf(deploy['resources'])
  const [own, reserved] = [partOf(resources['limits']), partOf(resources['reservations'])]
  const limits = {
    ...own,
    ...(memoryBytes === null ? {} : { memory: String(tighter(bytesOf(own['memory']), memoryBytes)) }),
    ...(cpus === null ? {} : { cpus: String(tighter(numberOf(own['cpus']), cpus)) }),
    ...(processes === null ? {} : { pids: tighter(numberOf(own['pids']), processes) }),
  }
  const reservations = {
    ...reserved,
    ...atMost('memory', bytesOf(reserved['memory']), bytesOf(limits.memory), String),
    ...atMost('cpus', numberOf(reserved['cpus']), numberOf(limits.cpus), String),
  }
  const kept = Object.keys(reserved).length === 0 ? {} : { reservations }
  return { ...service, deploy: { ...deploy, resources: { ...resources, limits, ...kept } } }
}

/** Compose reads both places, and refuses a file in which they differ; older ones read only what stands at the service itself. */
function limitedForCompose(service: Part, { memoryBytes, processes, cpus }: Limits): Part {
  const resources = partOf(partOf(service['deploy'])['resources'])
  const { limits: _limits, ...others } = resources
  const own = partOf(resources['limits'])
  const memory = least(bytesOf(service['mem_limit']), bytesOf(own['memory']), memoryBytes)
  const processors = least(numberOf(service['cpus']), numberOf(own['cpus']), cpus)
  const pids = least(numberOf(service['pids_limit']), numberOf(own['pids']), processes)
  return {
    ...service,
    ...(service['deploy'] === undefined
      ? {}
      : { deploy: { ...partOf(service['deploy']), resources: others } }),
    ...(memory === null ? {} : { mem_limit: String(memory) }),
    ...(processors === null ? {} : { cpus: processors }),
    ...(pids === null ? {} : { pids_limit: pids }),
    ...atMost('mem_reservation', bytesOf(service['mem_reservation']), memory, String),
  }
}

function atMost(
  key: string,
  value: number | null,
  most: number | null,
  text: (value: number) => string,
): Part {
  return value === null || most === null || value <= most ? {} : { [key]: text(most) }
}

/** To the engine nothing, and what is below it, is no limit. */
function tighter(own: number | null, most: number): number {
  return own === null || !(own > 0) ? most : Math.min(own, most)
}

function least(...values: readonly (number | null)[]): number | null {
  const limits = values.filter((value) => value !== null && value > 0)
  return limits.length === 0 ? null : Math.min(...limits.map(Number))
}

function numberOf(value: unknown): number | null {
  const number = typeof value === 'string' || typeof value === 'number' ? Number(value) : Number.NaN
  return Number.isNaN(number) ? null : number
}

function partOf(value: unknown): Part {
  return isMap(value) ? value : {}
}
