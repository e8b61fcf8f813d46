import { count } from './limits.ts'
import { type At, allowing, below, isMap, isPlain, keys, type Look, listOf, refuse, text } from './look.ts'
import { declaredIn, isExternal, isOwn, namesOf } from './names.ts'

const ALIAS = text(/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,254}$/, 'a name')
const declared = declaredIn('networks')

const options = keys({ aliases: listOf(ALIAS), priority: count(100_000), gw_priority: count(100_000) })

/**
 * The networks of a service. On an external one other stacks ask for names, too: nothing of this stack may answer to a name that another one's
 * service has (`other_stack_app`), or may get by chance.
 */
export const networks: Look = (value, at) => {
  const names = namesOf(value)
  if (names.length === 0) return value === null ? undefined : value
  if (isMap(value))
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, attached(name, item, below(at, name, '*'))]),
    )
  return names.map((name, index) => attached(name, name, below(at, index, '[]')))
}

function attached(name: string, value: unknown, at: At): unknown {
  if (name !== 'default' && declared(name, at) === undefined) return undefined
  if (isForeign(name, at)) serviceName(String(at.path[1]), at)
  if (!isMap(value)) return isPlain(value) ? value : null
  if (isForeign(name, at)) aliases(value['aliases'], below(at, 'aliases', 'aliases'))
  return options(value, at)
}

function isForeign(name: string, { file }: At): boolean {
  const all = file['networks']
  return isMap(all) && isExternal(all[name])
}

function aliases(value: unknown, at: At): void {
  for (const [index, alias] of (Array.isArray(value) ? value : []).entries()) {
    const name = String(alias)
    if (isOwn(at.scene.stackName, name) || at.scene.allow.aliases.includes(name)) continue
    refuse(
      below(at, index, '[]'),
      `answers to ${name} on a network that other stacks use`,
      `begin it with ${at.scene.stackName}_, or have the operator write allow: { aliases: ['${name}'] } in the recipe`,
    )
  }
}

/**
 * A service that names no network is on the default one, which the file may have made an external one; and the engine has a container answer to its host
 * name, too, on every network of somebody's.
 */
export function namesOnNetworks(service: unknown, at: At): void {
  const { networks: given = null, hostname = null } = isMap(service) ? service : {}
  const attached = namesOf(given)
  const onDefault = attached.length === 0 && isForeign('default', at)
  if (onDefault) serviceName(String(at.path[1]), at)
  if (hostname !== null && (onDefault || attached.some((name) => isForeign(name, at))))
    hostName(String(hostname), below(at, 'hostname', 'hostname'))
}

/** What a swarm fills in for one of these is a name of its own. */
const OWN_TEMPLATE = /^\{\{ ?\.(?:Node\.(?:Hostname|ID)|Service\.(?:Name|ID)|Task\.(?:Name|ID)) ?\}\}$/

function hostName(name: string, at: At): void {
  const { stackName, domain, allow } = at.scene
  const isItself = name === String(at.path[1]) || OWN_TEMPLATE.test(name)
  if (isItself || isOwn(stackName, name) || `.${name}`.endsWith(`.${domain}`) || allow.aliases.includes(name))
    return
  refuse(
    at,
    `answers to ${name} on a network that other stacks use`,
    `leave it out, or have the operator write allow: { aliases: ['${name}'] } in the recipe`,
  )
}

/** A service answers to its key; a full name of another stack's service has two underscores or more (its domain's dots, and one before the service). */
function serviceName(name: string, at: At): void {
  const isFullName = name.split(/[_.]/).length > 2
  if (!isFullName || at.scene.allow.aliases.includes(name)) return
  refuse(
    at,
    `the service answers to ${name} on a network that other stacks use, which may be the full name of one of theirs`,
    `name the service with fewer underscores; ${allowing(`aliases: ['${name}']`)}`,
  )
}
