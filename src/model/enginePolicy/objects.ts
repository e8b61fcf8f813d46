import { insideFile } from './files.ts'
import { labels } from './labels.ts'
import {
  type At,
  allowing,
  below,
  isMap,
  isPlain,
  keys,
  type Look,
  never,
  plain,
  refuse,
  shownText,
  word,
} from './look.ts'
import { volumeOptions } from './mounts.ts'
import { external, isExternal, ownName, type Section } from './names.ts'

type ObjectSection = Exclude<Section, 'services'>

/** Looked at by whoever looks at the whole object. */
const asIs: Look = (value) => value

const networkShape = keys({
  name: plain,
  external: plain,
  driver: plain,
  driver_opts: asIs,
  ipam: asIs,
  internal: plain,
  attachable: plain,
  enable_ipv4: plain,
  enable_ipv6: plain,
  labels,
})

const volumeShape = keys({ name: plain, external: plain, driver: plain, driver_opts: asIs, labels })

/** A template reads only what its own task has (its secrets, configs and environment) and the names of service, task and node. */
const template: Look = (value, at) =>
  at.scene.driver === 'swarm'
    ? word('golang')(value, at)
    : refuse(at, 'a template is filled in by a swarm only', 'write the file as it is to be')

const secretShape = keys({
  name: plain,
  external: plain,
  file: insideFile,
  labels,
  template_driver: template,
  driver: never('asks a plug-in of the engine for the secret'),
  driver_opts: never('asks a plug-in of the engine for the secret'),
  environment: never('reads the surroundings of the client of the engine', 'use file'),
})

const configShape = keys({
  name: plain,
  external: plain,
  file: insideFile,
  labels,
  template_driver: template,
  content: plain,
  environment: never('reads the surroundings of the client of the engine', 'use file'),
})

/** A network that this run makes, or one that others have made. */
export const network: Look = object('networks', networkShape, (value, at) => {
  const driver = String(value['driver'] || OWN_DRIVER[at.scene.driver])
  if (at.scene.allow.drivers.includes(`network:${driver}`)) return
  if (driver !== OWN_DRIVER[at.scene.driver] && driver !== 'default')
    refuse(
      below(at, 'driver', 'driver'),
      `the network driver ${driver} may reach the host's own networks`,
      allowing(`drivers: ['network:${driver}']`),
    )
  networkOptions(value['driver_opts'], below(at, 'driver_opts', 'driver_opts'))
  addresses(value['ipam'], below(at, 'ipam', 'ipam'))
})

const OWN_DRIVER = { swarm: 'overlay', compose: 'bridge' } as const
const NETWORK_OPTIONS: ReadonlySet<string> = new Set(['encrypted', 'com.docker.network.driver.mtu'])

function networkOptions(value: unknown, at: At): void {
  for (const name of isMap(value) ? Object.keys(value) : [])
    if (!NETWORK_OPTIONS.has(name))
      refuse(below(at, name, '*'), `the option ${name} is not known to be harmless`, 'leave it out')
}

const ipam = keys({ driver: word('default', ''), config: asIs })

/** A subnet of one's own choice can take away the way to addresses that the host needs. */
function addresses(value: unknown, at: At): void {
  if (value === undefined || value === null) return
  ipam(value, at)
  const list = isMap(value) && Array.isArray(value['config']) ? value['config'] : []
  for (const [index, entry] of list.entries()) {
    const subnet = isMap(entry) && Object.keys(entry).length === 1 ? entry['subnet'] : null
    if (isPlain(subnet) && at.scene.allow.subnets.includes(String(subnet))) continue
    refuse(
      below(below(at, 'config', 'config'), index, '[]'),
      `chooses its own addresses ${shownText(entry)}, which may be others'`,
      allowing(`subnets: ['${String(subnet ?? '10.9.0.0/24')}']`),
    )
  }
}

export const volume: Look = object('volumes', volumeShape, (value, at) => {
  volumeOptions(value['driver'], value['driver_opts'], at)
})

export const secret: Look = object('secrets', secretShape, () => {})
export const config: Look = object('configs', configShape, () => {})

function object(
  section: ObjectSection,
  shape: Look,
  own: (value: Readonly<Record<string, unknown>>, at: At) => void,
): Look {
  return (value, at) => {
    if (isMap(value) && isExternal(value)) return external(section, value, at)
    const made = shape(value, at)
    if (made === undefined) return undefined
    const given = isMap(value) ? value : {}
    ownName(section, given['name'], at)
    own(given, at)
    return made
  }
}
