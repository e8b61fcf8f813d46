import type { Namespace } from './allow.ts'
import { type At, allowing, isMap, isPlain, type Look, listOf, pairsOf, refuse, shownText } from './look.ts'
import { isOwn } from './names.ts'

export const privileged: Look = (value, at) => {
  if (String(value) === 'false' || at.scene.allow.privileged) return value
  return refuse(at, 'a privileged container is root of the host', allowing('privileged: true'))
}

export const capabilities: Look = listOf((value, at) => {
  const name = String(value).toUpperCase().replace(/^CAP_/, '')
  if (at.scene.allow.capabilities.includes(name)) return value
  return refuse(at, `adds the capability ${name}`, allowing(`capabilities: [${name}]`))
})

/** `no-new-privileges` only takes away. */
export const securityOptions: Look = listOf((value, at) => {
  const option = String(value)
  if (/^no-new-privileges(?:[:=]true)?$/.test(option)) return value
  if (at.scene.allow.securityOptions.includes(option)) return value
  return refuse(
    at,
    `the security option ${option} weakens what holds a container`,
    allowing(`securityOptions: ['${option}']`),
  )
})

export const sysctls: Look = (value, at) => {
  const pairs = pairsOf(value)
  if (pairs === null) return refuse(at, 'must be a map of texts', 'write name: value')
  const other = pairs.find(([name]) => !at.scene.allow.sysctls.includes(name))
  if (other === undefined) return value
  const name = other[0]
  return refuse(
    { ...at, path: [...at.path, name] },
    `sets the kernel's ${name}`,
    allowing(`sysctls: [${name}]`),
  )
}

/** `/dev/x`, `/dev/x:/dev/y:rwm`, or compose's long form. */
export const devices: Look = listOf((value, at) => {
  const source = isMap(value) ? String(value['source']) : (String(value).split(':')[0] ?? '')
  if (at.scene.allow.devices.includes(source)) return value
  return refuse(at, `uses the host's device ${source}`, allowing(`devices: ['${source}']`))
})

const OWN_MODES: Readonly<Record<Namespace, RegExp>> = {
  cgroup: /^private$/,
  ipc: /^(?:none|private|shareable|service:[\w.-]+)$/,
  network: /^(?:none|service:[\w.-]+)$/,
  pid: /^service:[\w.-]+$/,
  userns: /^$/,
}

/** A container's own namespace, or another service's of this file; the host's, or another container's, only where the recipe allows it. */
export function namespace(kind: Namespace): Look {
  return (value, at) => {
    const mode = String(value)
    if (mode === '' || OWN_MODES[kind].test(mode)) return value
    if (mode === 'host' && at.scene.allow.namespaces.includes(kind)) return value
    const way = mode === 'host' ? allowing(`namespaces: [${kind}]`) : 'leave it out'
    return refuse(at, `uses the ${kind} namespace of ${mode === 'host' ? 'the host' : shownText(mode)}`, way)
  }
}

export const extraHosts: Look = (value, at) => {
  const lines = hostLines(value)
  if (lines === null)
    return refuse(at, `must be a list of name:address, and is ${shownText(value)}`, 'write name:address')
  const other = lines.find((line) => !at.scene.allow.extraHosts.includes(line))
  if (other === undefined) return value
  return refuse(
    at,
    `gives the name ${other} to an address outside the stack`,
    allowing(`extraHosts: ['${other}']`),
  )
}

/** `name:address`, whichever way it is written. */
function hostLines(value: unknown): readonly string[] | null {
  if (isMap(value))
    return Object.entries(value).flatMap(([name, addresses]) =>
      (Array.isArray(addresses) ? addresses : [addresses]).map((address) => `${name}:${String(address)}`),
    )
  if (!Array.isArray(value) || !value.every(isPlain)) return null
  return value.map((line) => String(line).replace('=', ':'))
}

export const dns: Look = listOf((value, at) => {
  if (at.scene.allow.dns.includes(String(value))) return value
  return refuse(at, `asks the name server ${shownText(value)}`, allowing(`dns: ['${String(value)}']`))
})

/** Swarm ignores it; for compose it is the container's name and its name on every network. */
export const containerName: Look = (value, at) => {
  if (at.scene.driver === 'swarm') return undefined
  return isOwn(at.scene.stackName, String(value))
    ? value
    : refuse(at, `the container's name ${shownText(value)} is not of this stack`, nameWay(at))
}

function nameWay(at: At): string {
  return `begin it with ${at.scene.stackName}_ or leave it out`
}
