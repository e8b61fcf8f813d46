import { posix } from 'node:path'
import { type AbraExport, abraExports } from './abraSh.ts'
import { type BackupPlan, backupPlan } from './backupLabels.ts'
import type { Checkout } from './checkout.ts'
import { type ComposeDocument, parseCompose } from './composeDocument.ts'
import { composeFilePlace, composeFiles, DEFAULT_COMPOSE_FILE } from './composeFiles.ts'
import { type ConfigContent, configContents } from './configContents.ts'
import { type Dotenv, parseDotenv } from './dotenv.ts'
import { durationFaults } from './durations.ts'
import {
  type DeployEnvironment,
  type DeployWish,
  deployEnvironment,
  recipeType,
  withVersions,
} from './environment.ts'
import { expansionFaults } from './expand.ts'
import { type Fault, told } from './fault.ts'
import type { Values } from './interpolate.ts'
import { deployLabels, timeoutLabel, versionLabel } from './labels.ts'
import { nameFaults, type ObjectName, objectNames } from './objectNames.ts'
import { externalSecrets, type UsedSecret } from './secrets.ts'
import { templateFaults } from './templates.ts'
import { ABRA_SH, variableFaults } from './variables.ts'

const ENV_SAMPLE = '.env.sample'
/** What compose files are called elsewhere. */
const COMPOSE_NAMES = [DEFAULT_COMPOSE_FILE, 'compose.yaml', 'docker-compose.yml', 'docker-compose.yaml']

/** A Co-op Cloud recipe repository as it would be deployed. */
export interface CoopCloudRecipe {
  /** `TYPE` of the sample. */
  readonly type: string | null
  /** For interpolation; nothing else reaches the deploy. */
  readonly environment: Values
  /** Compose files below the checkout, in the order in which they are laid over one another. */
  readonly files: readonly string[]
  readonly secrets: readonly UsedSecret[]
  readonly configs: readonly ConfigContent[]
  readonly names: readonly ObjectName[]
  readonly backup: BackupPlan
  /** As its label says. */
  readonly version: string | null
  /** How long a deploy may take; null = the recipe does not say. */
  readonly timeoutMs: number | null
  /** What keeps it from being deployed, all of it, in the order of reading. */
  readonly faults: readonly Fault[]
  /** What a deploy would pass over in silence, and its author hardly means. */
  readonly remarks: readonly Fault[]
}

/** Reads a recipe repository as abra would, runs nothing of it, and reports every fault at once. */
export function readCoopCloudRecipe(checkout: Checkout, wish: DeployWish): CoopCloudRecipe {
  const faults: Fault[] = []
  const sample = readSample(checkout, faults)
  const environment = deployEnvironment(sample.dotenv, readExports(checkout, faults), wish)
  const selected = composeFiles(environment.values, composeFilePlace(sample.dotenv, wish.env))
  faults.push(...told(selected.faults))
  const documents = readDocuments(checkout, selected.files, faults)
  return recipeOf(
    { checkout, wish, sample, documents, files: selected.files, faults },
    withVersions(environment, documents),
  )
}

interface Reading {
  readonly checkout: Checkout
  readonly wish: DeployWish
  readonly sample: Sample
  readonly documents: readonly ComposeDocument[]
  readonly files: readonly string[]
  readonly faults: readonly Fault[]
}

function recipeOf(reading: Reading, environment: DeployEnvironment): CoopCloudRecipe {
  const { checkout, wish, sample, documents, files } = reading
  const { values } = environment
  const labels = deployLabels(documents, values)
  const secrets = externalSecrets(documents, values, sample.dotenv)
  const names = objectNames(documents, values, wish.stackName)
  const configs = configContents(documents, values, wish.stackName, checkout.readConfig)
  const variables = variableFaults(documents, environment, sample.dotenv)
  const timeout = timeoutLabel(labels, wish.stackName)
  return {
    type: recipeType(sample.dotenv)?.name ?? null,
    environment: values,
    files,
    secrets: secrets.secrets,
    configs: configs.configs,
    names,
    backup: backupPlan(labels),
    version: versionLabel(labels, wish.stackName),
    timeoutMs: timeout.timeoutMs,
    // Without the sample every variable would be one that nobody sets: one fault says it all.
    remarks: sample.isThere ? told([...expansionFaults(sample.dotenv), ...variables.remarks]) : [],
    faults: told([
      ...reading.faults,
      ...environment.faults,
      ...variables.faults,
      ...documents.flatMap(durationFaults),
      ...secrets.faults,
      ...configs.faults,
      ...nameFaults(names),
      ...timeout.faults,
    ]),
  }
}

interface Sample {
  readonly dotenv: Dotenv
  readonly isThere: boolean
}

function readSample(checkout: Checkout, faults: Fault[]): Sample {
  const found = checkout.read(ENV_SAMPLE)
  const text = 'text' in found ? found.text : ''
  const dotenv = parseDotenv(ENV_SAMPLE, text)
  if (!('text' in found)) faults.push(fileFault(checkout, ENV_SAMPLE, found))
  faults.push(...told(dotenv.faults), ...told(templateFaults(ENV_SAMPLE, text)))
  return { dotenv, isThere: 'text' in found }
}

/** A recipe needs none. */
function readExports(checkout: Checkout, faults: Fault[]): readonly AbraExport[] {
  const found = checkout.read(ABRA_SH)
  if ('fault' in found) faults.push(fileFault(checkout, ABRA_SH, found))
  return 'text' in found ? abraExports(found.text) : []
}

function readDocuments(
  checkout: Checkout,
  files: readonly string[],
  faults: Fault[],
): readonly ComposeDocument[] {
  return files.flatMap((file) => {
    const found = checkout.read(file)
    if (!('text' in found)) {
      faults.push(fileFault(checkout, file, found))
      return []
    }
    const templates = templateFaults(file, found.text)
    const parsed = parseCompose(file, found.text)
    // A template in the place of a value is what the YAML stumbles over.
    faults.push(...told(templates.length > 0 ? templates : parsed.faults))
    return parsed.document ?? []
  })
}

function fileFault(
  checkout: Checkout,
  file: string,
  found: { readonly missing: true } | { readonly fault: string },
): Fault {
  if ('fault' in found) return { file, line: 1, key: '', text: found.fault }
  const names = file === DEFAULT_COMPOSE_FILE ? COMPOSE_NAMES : [posix.basename(file)]
  const others = checkout.find(names)
  const way = others.length === 0 ? '' : `; there is ${others.join(', ')}: move it, or name it as it is`
  const selected = file === ENV_SAMPLE || file === DEFAULT_COMPOSE_FILE ? '' : ' (COMPOSE_FILE selects it)'
  return { file, line: 1, key: '', text: `is not in the repository${selected}${way}` }
}
