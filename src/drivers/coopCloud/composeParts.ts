import type { Path } from '../../model/keyPath.ts'
import { type ComposeDocument, type Fields, fieldsOf, lineAt } from './composeDocument.ts'

/** What one file says of one service. */
export interface ServicePart {
  readonly service: string
  readonly value: Fields
  readonly document: ComposeDocument
  readonly path: Path
}

/** File by file in the order in which they are laid over one another. */
export function servicesIn(documents: readonly ComposeDocument[]): readonly ServicePart[] {
  return documents.flatMap((document) =>
    Object.entries(fieldsOf(document.value['services'])).map(([service, value]) => ({
      service,
      value: fieldsOf(value),
      document,
      path: ['services', service],
    })),
  )
}

export type DefinitionKind = 'configs' | 'secrets' | 'networks' | 'volumes'

/** A config, secret, network or volume as all files together define it. */
export interface Definition<K extends DefinitionKind = DefinitionKind> {
  readonly kind: K
  readonly key: string
  /** Of a field that several files have, the last one's counts. */
  readonly value: Fields
  /** Where its name is written, or itself. */
  readonly file: string
  readonly line: number
  readonly isExternal: boolean
  /** As written, not interpolated; null = Docker makes it from the stack's name and the key. */
  readonly rawName: string | null
}

export function definitionsIn<K extends DefinitionKind>(
  documents: readonly ComposeDocument[],
  kind: K,
): readonly Definition<K>[] {
  const found = new Map<string, Definition<K>>()
  for (const document of documents)
    for (const [key, fields] of Object.entries(fieldsOf(document.value[kind])))
      found.set(key, laidOver(found.get(key), { kind, key, own: fieldsOf(fields), document }))
  return [...found.values()]
}

interface Part<K> {
  readonly kind: K
  readonly key: string
  readonly own: Fields
  readonly document: ComposeDocument
}

function laidOver<K extends DefinitionKind>(
  below: Definition<K> | undefined,
  { kind, key, own, document }: Part<K>,
): Definition<K> {
  const value = { ...below?.value, ...own }
  const keepsPlace = below !== undefined && nameOf(own) === null
  const path = nameOf(own) === null ? [kind, key] : [kind, key, 'name']
  return {
    kind,
    key,
    value,
    file: keepsPlace ? below.file : document.file,
    line: keepsPlace ? below.line : lineAt(document, path),
    isExternal: isExternal(value['external']),
    rawName: nameOf(value) ?? (isExternal(value['external']) ? key : null),
  }
}

/** Before version 3.5 a name stood below `external`. */
function nameOf(value: Fields): string | null {
  const name = value['name'] ?? fieldsOf(value['external'])['name']
  return typeof name === 'string' ? name : null
}

function isExternal(value: unknown): boolean {
  return value === true || value === 'true' || (typeof value === 'object' && value !== null)
}
