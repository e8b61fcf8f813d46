import { type ComposeDocument, lineAt } from './composeDocument.ts'
import { type DefinitionKind, definitionsIn, servicesIn } from './composeParts.ts'
import type { Fault } from './fault.ts'
import { interpolated, type Values } from './interpolate.ts'

type ObjectKind = DefinitionKind | 'services'

/** An object of the engine that a deploy makes or, if external, uses. */
export interface ObjectName {
  readonly kind: ObjectKind
  /** In the compose files. */
  readonly key: string
  /** In the engine. */
  readonly name: string
  readonly isExternal: boolean
  readonly file: string
  readonly line: number
}

const DEFINITIONS: readonly DefinitionKind[] = ['configs', 'secrets', 'networks', 'volumes']

/** Every object that the selected files name, under the name that it has in the engine. */
export function objectNames(
  documents: readonly ComposeDocument[],
  values: Values,
  stackName: string,
): readonly ObjectName[] {
  const services = new Map<string, ObjectName>()
  for (const { service: key, document, path } of servicesIn(documents))
    services.set(key, {
      kind: 'services',
      key,
      name: `${stackName}_${key}`,
      isExternal: false,
      file: document.file,
      line: services.get(key)?.line ?? lineAt(document, path),
    })
  const definitions = DEFINITIONS.flatMap((kind) =>
    definitionsIn(documents, kind).map(({ key, rawName, isExternal, file, line }) => {
      const name = rawName === null ? `${stackName}_${key}` : interpolated(rawName, values)
      return { kind, key, name, isExternal, file, line }
    }),
  )
  return [...services.values(), ...definitions, ...defaultNetwork(documents, stackName)]
}

/** The engine's CLI makes it for services that name no network. */
function defaultNetwork(documents: readonly ComposeDocument[], stackName: string): readonly ObjectName[] {
  const parts = servicesIn(documents)
  const connected = new Set(parts.filter(({ value }) => 'networks' in value).map(({ service }) => service))
  const alone = parts.find(({ service, value }) => !(connected.has(service) || 'network_mode' in value))
  if (alone === undefined || definitionsIn(documents, 'networks').some(({ key }) => key === 'default'))
    return []
  const { document, path } = alone
  const place = { file: document.file, line: lineAt(document, path) }
  return [{ kind: 'networks', key: 'default', name: `${stackName}_default`, isExternal: false, ...place }]
}

interface NameRule {
  readonly most: number
  readonly pattern: RegExp
}

/** swarmkit, manager/controlapi: validateAnnotations, and validateConfigOrSecretAnnotations. */
const DNS: NameRule = { most: 63, pattern: /^[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*$/ }
const STORED: NameRule = { most: 64, pattern: /^[a-zA-Z0-9]+(?:[a-zA-Z0-9-_.]*[a-zA-Z0-9])?$/ }
/** A volume is a folder: 255 bytes (ext4), and Docker's characters for it. */
const FOLDER: NameRule = { most: 255, pattern: /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/ }

const RULES: Readonly<Record<ObjectKind, NameRule>> = {
  services: DNS,
  networks: DNS,
  configs: STORED,
  secrets: STORED,
  volumes: FOLDER,
}

/** What Docker would refuse, before anything is deployed. */
export function nameFaults(names: readonly ObjectName[]): readonly Fault[] {
  return names.flatMap(({ kind, key, name, file, line }) => {
    const text = nameFault(kind, name)
    return text === null ? [] : [{ file, line, key: `${kind}.${key}`, text }]
  })
}

function nameFault(kind: ObjectKind, name: string): string | null {
  const { most, pattern } = RULES[kind]
  if (name.length > most)
    return `its name ${name.slice(0, most)}… has ${name.length} characters; Docker takes at most ${most}: shorten it, or the domain`
  if (pattern.test(name)) return null
  const versionless = name.endsWith('_') ? ' (is its version set?)' : ''
  return `its name ${name === '' ? 'is empty' : `"${name}" has characters where Docker takes none`}${versionless}`
}
