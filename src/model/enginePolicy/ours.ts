import { isMap, type PolicyScene } from './look.ts'
import { isExternal, namesOf } from './names.ts'

type Part = Readonly<Record<string, unknown>>

/** The oldest version of the file that has all that `docker stack config` prints (names of networks, volumes, configs). */
const LEAST_VERSION = 8

/** The same file with our labels, over all others, on everything that the engine will make from it. */
export function labelled(file: Part, scene: PolicyScene): Part {
  const services = mapped(file['services'], (service) => ours(service, scene))
  const networks = mapped(withDefault(file), (network) => labelledObject(network, scene))
  const others = ['volumes', 'secrets', 'configs'].filter((section) => isMap(file[section]))
  return {
    ...versionOf(file, scene),
    services,
    networks,
    ...Object.fromEntries(
      others.map((section) => [section, mapped(file[section], (object) => labelledObject(object, scene))]),
    ),
  }
}

/** Compose's project is named on its command line: older ones know no `name` in the file. */
function versionOf(file: Part, { driver }: PolicyScene): Part {
  if (driver === 'compose') return 'version' in file ? { version: file['version'] } : {}
  const [, minor = '0'] = String(file['version'] ?? '').split('.')
  return { version: Number(minor) > LEAST_VERSION ? String(file['version']) : `3.${LEAST_VERSION}` }
}

/** A service's own labels are its containers'; those under `deploy` are the service's, and with it the tasks'. */
function ours(service: Part, { driver, labels }: PolicyScene): Part {
  const own = { ...service, labels: { ...mapOrNone(service['labels']), ...labels } }
  // Compose takes nothing from it, and in files of version 2 does not know it.
  if (driver === 'compose' && service['deploy'] === undefined) return own
  const deploy = isMap(service['deploy']) ? service['deploy'] : {}
  return { ...own, deploy: { ...deploy, labels: { ...mapOrNone(deploy['labels']), ...labels } } }
}

function labelledObject(object: Part, { labels }: PolicyScene): Part {
  return isExternal(object) ? object : { ...object, labels: { ...mapOrNone(object['labels']), ...labels } }
}

/** The client makes a network for services that name none; named here, it has our labels, too. */
function withDefault(file: Part): Part {
  const networks = mapOrNone(file['networks'])
  const services = Object.values(mapOrNone(file['services'])).filter(isMap)
  const isUsed = services.some((service) => {
    const names = namesOf(service['networks'] ?? null)
    return names.length === 0 || names.includes('default')
  })
  return isUsed && !Object.hasOwn(networks, 'default') ? { ...networks, default: {} } : networks
}

function mapped(section: unknown, change: (part: Part) => Part): Part {
  return Object.fromEntries(
    Object.entries(mapOrNone(section)).map(([key, part]) => [key, change(mapOrNone(part))]),
  )
}

function mapOrNone(value: unknown): Part {
  return isMap(value) ? value : {}
}
