import { type ComposeDocument, fieldsOf, itemsOf, lineAt } from './composeDocument.ts'
import { type Definition, definitionsIn, servicesIn } from './composeParts.ts'
import type { Dotenv, DotenvEntry } from './dotenv.ts'
import type { Fault } from './fault.ts'
import { interpolated, usesIn, type Values } from './interpolate.ts'
import { NO_RULE, type SecretRule, secretRule } from './secretRule.ts'

/** An external secret that has to exist before the deploy. */
export interface UsedSecret {
  /** In the compose files. */
  readonly key: string
  /** In the engine: compose's own `name`, whatever rule it follows. */
  readonly name: string
  readonly rule: SecretRule
  readonly services: readonly string[]
  readonly file: string
  readonly line: number
}

/**
 * The external secrets that services of the selected files use; one that is defined and not used need not exist (abra, pkg/secret, ReadSecretsConfig).
 * The rule is that of the `.env.sample` line whose variable the secret's name holds; lines that are commented out count, as their secrets are used once
 * the operator selects the file.
 */
export function externalSecrets(
  documents: readonly ComposeDocument[],
  values: Values,
  sample: Dotenv,
): { readonly secrets: readonly UsedSecret[]; readonly faults: readonly Fault[] } {
  const definitions = new Map(
    definitionsIn(documents, 'secrets').map((definition) => [definition.key, definition]),
  )
  const secrets: UsedSecret[] = []
  const faults: Fault[] = []
  for (const [key, { services, ...place }] of secretUses(documents)) {
    const definition = definitions.get(key)
    if (definition === undefined) faults.push(undefinedFault(key, place))
    if (definition?.isExternal !== true) continue
    const { rule, faults: ruleFaults } = ruleOf(definition, sample)
    const { file, line } = definition
    secrets.push({ key, name: interpolated(definition.rawName ?? key, values), rule, services, file, line })
    faults.push(...ruleFaults)
  }
  return { secrets, faults }
}

interface SecretUse {
  readonly services: string[]
  readonly file: string
  readonly line: number
  readonly path: string
}

/** By the secret's key; the place is that of the first use. */
function secretUses(documents: readonly ComposeDocument[]): ReadonlyMap<string, SecretUse> {
  const uses = new Map<string, SecretUse>()
  for (const { service, value, document, path } of servicesIn(documents))
    for (const [index, item] of itemsOf(value['secrets']).entries()) {
      const key = sourceOf(item)
      if (key === null) continue
      const line = lineAt(document, [...path, 'secrets', index])
      const use = uses.get(key) ?? {
        services: [],
        file: document.file,
        line,
        path: `services.${service}.secrets`,
      }
      if (!use.services.includes(service)) use.services.push(service)
      uses.set(key, use)
    }
  return uses
}

function sourceOf(item: unknown): string | null {
  const source = typeof item === 'string' ? item : fieldsOf(item)['source']
  return typeof source === 'string' ? source : null
}

function undefinedFault(key: string, { file, line, path }: Omit<SecretUse, 'services'>): Fault {
  const text = `no selected file defines the secret ${key}; define it below secrets, or select the file that does (COMPOSE_FILE)`
  return { file, line, key: path, text }
}

function ruleOf(
  { rawName }: Definition,
  sample: Dotenv,
): { readonly rule: SecretRule; readonly faults: readonly Fault[] } {
  const variables = new Set(usesIn(rawName ?? '').map(({ name }) => name))
  const entry = entryWithRule(sample, variables)
  return entry === undefined ? { rule: NO_RULE, faults: [] } : secretRule(sample.file, entry)
}

function entryWithRule(sample: Dotenv, variables: ReadonlySet<string>): DotenvEntry | undefined {
  const hasRule = ({ key, modifiers }: DotenvEntry) => variables.has(key) && modifiers.size > 0
  return sample.entries.findLast(hasRule) ?? sample.options.findLast(hasRule)
}
