import { readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { allowInForce } from '../../model/enginePolicy/allow.ts'
import { isMap, type PolicyScene } from '../../model/enginePolicy/look.ts'
import { NEVER, SERVICE_KEYS } from '../../model/enginePolicy/service.ts'
import { type Path, pathText } from '../../model/keyPath.ts'
import { asJson, type ComposeSource, readSource } from './composeSource.ts'
import { type Copies, copiesIn } from './copies.ts'
import { placeOfKey } from './sourcePlace.ts'

/** What is not deployed, and where a person wrote it. */
export interface PlacedRefusal {
  readonly file: string
  readonly line: number
  /** `services.app.volumes[0]`; empty = the whole file. */
  readonly key: string
  readonly text: string
  readonly wayOut: string
}

/** Compose files of a pull request that the engine's client may read. */
export interface Sources {
  /** For the client, in order: JSON copies in a private folder. */
  readonly files: readonly string[]
  /** The first one's: what the client has relative names begin at. */
  readonly folder: string
  readonly copies: Copies
  readonly read: readonly ComposeSource[]
}

const MOST_SOURCE_BYTES = 1024 * 1024
const MOST_ENV_BYTES = 1024 * 1024
const TOP_KEYS: ReadonlySet<string> = new Set([
  'version',
  'name',
  'services',
  'networks',
  'volumes',
  'secrets',
  'configs',
])

/**
 * Reads the compose files of a checkout, with the files that a client reads while it resolves them (`env_file`), into a private folder. Resolving is the
 * first thing that a pull request could turn against us: the client reads what it is told to, as the service's user, and says what it read in its errors.
 * @param files names in the checkout, in order
 * @param into a folder that is not there yet
 * @param rules what the trusted recipe allows, and for whom
 */
export function copySources(
  checkout: string,
  files: readonly string[],
  into: string,
  rules: Pick<PolicyScene, 'allow' | 'isFork'>,
): Sources | { readonly refusals: readonly PlacedRefusal[] } {
  const copies = copiesIn(into, checkout)
  const read = files.map((file) => sourceOf(file, copies))
  const bad = read.filter((result) => 'text' in result)
  if (bad.length > 0) return { refusals: bad }
  const sources = read.filter((result) => 'value' in result)
  const folder = dirname(files[0] ?? '')
  const { keys } = allowInForce(rules.allow, rules.isFork)
  const refusals = sources.flatMap((source) => looked(source, folder, copies, keys))
  if (refusals.length > 0) return { refusals }
  const forClient = sources.map((source, index) => {
    const name = join(dirname(source.file), `.berth-${index}.json`)
    return copies.write(name, asJson(source.value))
  })
  return {
    files: forClient,
    folder: normalize(join(into, folder)),
    copies,
    read: sources,
  }
}

function sourceOf(file: string, copies: Copies): ComposeSource | PlacedRefusal {
  const copied = copies.copy(file, MOST_SOURCE_BYTES)
  if ('fault' in copied)
    return {
      file,
      line: 1,
      key: '',
      text: `the compose file cannot be used: ${copied.fault}`,
      wayOut: 'put it into the repository',
    }
  const source = readSource(file, readFileSync(copied.path, 'utf8'))
  if ('value' in source) return source
  return { file, line: source.line, key: '', text: source.fault, wayOut: 'correct it' }
}

/** Keys that are known, so that no client reads further files because of one that is not, and copies of the env files. */
function looked(
  source: ComposeSource,
  folder: string,
  copies: Copies,
  furtherKeys: readonly string[],
): readonly PlacedRefusal[] {
  const refusals: PlacedRefusal[] = []
  const refuse = (path: Path, text: string, wayOut = 'leave it out') => {
    const place = placeOfKey([source], path, source.value) ?? { file: source.file, line: 1 }
    refusals.push({ ...place, key: pathText(path), text, wayOut })
  }
  const isKnown = (key: string, known: ReadonlySet<string>, kind: string) =>
    known.has(key) || key.startsWith('x-') || furtherKeys.includes(kind)
  for (const key of Object.keys(source.value))
    if (!isKnown(key, TOP_KEYS, key)) refuse([key], `${key} is not known to be harmless`)
  for (const [name, service] of entriesOf(source.value['services'])) {
    for (const [key, value] of entriesOf(service)) {
      const path = ['services', name, key]
      const never = Object.hasOwn(NEVER, key) ? NEVER[key] : undefined
      if (key === 'extends') extended(value, path, refuse)
      // Compose looks for what is to be built while it resolves.
      else if (never !== undefined) refuse(path, never.why, never.wayOut)
      else if (!isKnown(key, SERVICE_KEYS, `services.*.${key}`))
        refuse(path, `${key} is not known to be harmless`)
      if (key === 'env_file') for (const file of envFiles(value, path)) envFile(file, folder, copies, refuse)
    }
  }
  return refusals
}

type Refuse = (path: Path, text: string, wayOut?: string) => void

function extended(value: unknown, path: Path, refuse: Refuse): void {
  if (isMap(value) && 'file' in value)
    refuse(path, 'takes a service from another file', 'write the other file under stack.files in the recipe')
}

interface EnvFile {
  readonly path: Path
  readonly name: unknown
  readonly isNeeded: boolean
}

function envFiles(value: unknown, path: Path): readonly EnvFile[] {
  if (!Array.isArray(value)) return [{ path, name: value, isNeeded: true }]
  return value.map((item, index) => {
    const isLong = isMap(item)
    return {
      path: [...path, index],
      name: isLong ? item['path'] : item,
      isNeeded: !isLong || item['required'] !== false,
    }
  })
}

function envFile({ path, name, isNeeded }: EnvFile, folder: string, copies: Copies, refuse: Refuse): void {
  if (typeof name !== 'string' || name.includes('$') || name.startsWith('~')) {
    refuse(
      path,
      'the name of an env_file must be plain: it is looked at before variables are filled in',
      'write the name itself',
    )
    return
  }
  const copied = copies.copy(name.startsWith('/') ? name : join(folder, name), MOST_ENV_BYTES)
  if (!('fault' in copied) || (!isNeeded && copied.fault === 'it is not there')) return
  refuse(path, `the env_file ${name} cannot be used: ${copied.fault}`, 'keep it in the repository')
}

function entriesOf(value: unknown): readonly (readonly [string, unknown])[] {
  return isMap(value) ? Object.entries(value) : []
}
