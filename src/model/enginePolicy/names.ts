import { type At, isMap, isPlain, keys, type Look, pairsOf, plain, refuse, shownText } from './look.ts'

/** Sections of a file, with the most characters that the engine takes in a name of their objects. */
export const SECTIONS = {
  services: { word: 'service', most: 63 },
  networks: { word: 'network', most: 255 },
  volumes: { word: 'volume', most: 255 },
  secrets: { word: 'secret', most: 64 },
  configs: { word: 'config', most: 64 },
} as const
export type Section = keyof typeof SECTIONS

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/

/** Looks at the name that an object of this run will have: the one that the file gives it, else the stack's with its key. */
export function ownName(section: Section, given: unknown, at: At): void {
  const { stackName } = at.scene
  const { word, most } = SECTIONS[section]
  const key = String(at.path.at(-1))
  const name = given === undefined || given === null ? `${stackName}_${key}` : given
  if (!isPlain(name) || !NAME.test(String(name))) {
    refuse(at, `${shownText(name)} is no name of a ${word}`, 'write letters, digits, _ . and -')
    return
  }
  const full = String(name)
  if (full.length > most)
    refuse(
      at,
      `the ${word}'s name ${full} has ${full.length} characters; the engine takes ${most}`,
      'shorten it',
    )
  if (!isOwn(stackName, full))
    refuse(
      at,
      `the ${word}'s name ${full} is not of this stack`,
      `begin it with ${stackName}_ or leave name out`,
    )
}

export function isOwn(stackName: string, name: string): boolean {
  return name.startsWith(`${stackName}_`)
}

/** Whether the file says that others have made the object. */
export function isExternal(object: unknown): boolean {
  return (
    isMap(object) &&
    (isMap(object['external']) || object['external'] === true || object['external'] === 'true')
  )
}

/** The name of an external object on the engine. */
function externalName(object: Readonly<Record<string, unknown>>, key: string): string {
  const inner = isMap(object['external']) ? object['external']['name'] : undefined
  return String(object['name'] ?? inner ?? key)
}

const FROM_FILE =
  'take it from a file of the repository, or have the operator write driver: swarm in the recipe'

const OWN_NETWORKS: ReadonlySet<string> = new Set(['host', 'none', 'bridge', 'ingress', 'docker_gwbridge'])

/** An external object, which is used and never changed: only its name is deployed. */
export function external(
  section: Exclude<Section, 'services'>,
  object: Readonly<Record<string, unknown>>,
  at: At,
): unknown {
  const { word } = SECTIONS[section]
  onlyNamed(object, at)
  const name = externalName(object, String(at.path.at(-1)))
  if (!NAME.test(name))
    return refuse(at, `${shownText(name)} is no name of a ${word}`, 'write the name of one that is there')
  if (section === 'networks' && OWN_NETWORKS.has(name) && !at.scene.allow.namespaces.includes('network'))
    return refuse(at, `the network ${name} is the host's own`, 'leave it out, or use a network of the stack')
  if (at.scene.driver === 'compose' && (section === 'secrets' || section === 'configs'))
    return refuse(at, `an external ${word} is kept by a swarm, and there is none`, FROM_FILE)
  if (isAllowed(word, name, at)) return { name, external: true }
  const line = word === 'network' ? name : `${word}:${name}`
  return refuse(
    at,
    `the external ${word} ${name} is neither allowed nor made by this run`,
    `make it one of the stack, or have the operator write allow: { external: ['${line}'] } in the recipe`,
  )
}

/** Whatever else the file says of it, it would not be so. */
const onlyNamed = keys({ name: plain, external: (value) => value })

function isAllowed(word: string, name: string, { scene }: At): boolean {
  const { allow, made } = scene
  if (made.includes(`${word}:${name}`) || allow.external.includes(`${word}:${name}`)) return true
  return word === 'network' && allow.external.includes(name)
}

/** A value that has to be a key of another section. */
export function declaredIn(section: Section): Look {
  return (value, at) => {
    const declared = at.file[section]
    if (isPlain(value) && isMap(declared) && Object.hasOwn(declared, String(value))) return value
    return refuse(at, `${shownText(value)} is not declared under ${section}`, `declare it under ${section}`)
  }
}

/** The names of a list, or of a map's keys. */
export function namesOf(value: unknown): readonly string[] {
  if (isMap(value)) return Object.keys(value)
  return (pairsOf(value) ?? []).map(([name]) => name)
}
