import type { AbraExport } from './abraSh.ts'
import type { ComposeDocument } from './composeDocument.ts'
import { DEFAULT_COMPOSE_FILE } from './composeFiles.ts'
import { definitionsIn } from './composeParts.ts'
import type { Dotenv } from './dotenv.ts'
import { expandDotenv, expandVariables } from './expand.ts'
import type { Fault } from './fault.ts'
import { isRequired, usesIn, type Values } from './interpolate.ts'

/** What the operator's recipe and the run say; the repository cannot change it. */
export interface DeployWish {
  readonly domain: string
  readonly stackName: string
  /** Takes the place of what `.env.sample` says. `$COMPOSE_FILE` in COMPOSE_FILE is the sample's own, or compose.yml. */
  readonly env: Readonly<Record<string, string>>
}

export interface DeployEnvironment {
  readonly values: Values
  /** Set by `abra.sh` in a way that only a shell could tell, by name. */
  readonly computed: ReadonlyMap<string, AbraExport>
  /** Of the sample's values. */
  readonly faults: readonly Fault[]
}

/**
 * What the compose files are interpolated with: `.env.sample`, then `abra.sh` (it holds the versions of the configs beside it), then what the operator
 * gives, then domain and stack name. In abra the script wins over the operator's file, which was copied from the sample; here the script is a pull
 * request's, and the operator's values are few and meant. Nothing of this machine's environment is in it.
 */
export function deployEnvironment(
  sample: Dotenv,
  exports: readonly AbraExport[],
  wish: DeployWish,
): DeployEnvironment {
  const { COMPOSE_FILE: composeFile, ...env } = wish.env
  const given = new Map(Object.entries({ ...env, DOMAIN: wish.domain, STACK_NAME: wish.stackName }))
  const example = exampleDomain(sample)
  const expanded = expandDotenv(sample, given, (raw) =>
    example === null ? raw : raw.replaceAll(example, wish.domain),
  )
  const values = new Map(expanded.values)
  const computed = new Map<string, AbraExport>()
  for (const last of exports.filter(({ key }) => !given.has(key))) {
    values.delete(last.key)
    computed.delete(last.key)
    if (last.value === null) computed.set(last.key, last)
    else values.set(last.key, last.value)
  }
  if (composeFile !== undefined) {
    const others = values.get('COMPOSE_FILE') || DEFAULT_COMPOSE_FILE
    values.set('COMPOSE_FILE', expandVariables(composeFile, new Map(values).set('COMPOSE_FILE', others)))
  }
  return { values, computed, faults: expanded.faults }
}

/** `TYPE=wordpress` or `TYPE=wordpress:1.2.0+6.4`; newer samples say RECIPE. */
export function recipeType(
  sample: Dotenv,
): { readonly name: string; readonly version: string | null } | null {
  const entry =
    sample.entries.findLast(({ key }) => key === 'RECIPE') ??
    sample.entries.findLast(({ key }) => key === 'TYPE')
  if (entry === undefined || entry.raw === '') return null
  const [name = '', ...version] = entry.raw.split(':')
  return { name, version: version.length === 0 ? null : version.join(':') }
}

/** What `abra app new` replaces by the app's domain wherever the sample has it: the domain itself, aliases, links. */
function exampleDomain(sample: Dotenv): string | null {
  const type = recipeType(sample)
  return type === null ? null : `${type.name}.example.com`
}

const FIRST_VERSION = 'v1'

/**
 * The environment with the first version for each config's and secret's that nobody sets: an optional secret's line is commented out in the sample.
 * One that only a shell could tell gets it too, so that the rest of the name can be checked; using it is a fault (variableFaults).
 */
export function withVersions(
  environment: DeployEnvironment,
  documents: readonly ComposeDocument[],
): DeployEnvironment {
  const values = new Map(environment.values)
  const names = [...definitionsIn(documents, 'configs'), ...definitionsIn(documents, 'secrets')]
  for (const { rawName } of names)
    for (const use of usesIn(rawName ?? ''))
      if (isRequired(use) && isVersion(use.name) && !values.get(use.name)) values.set(use.name, FIRST_VERSION)
  return { ...environment, values }
}

function isVersion(name: string): boolean {
  return /VERSION/i.test(name)
}
