import { readYaml, tornFault } from './config/document.ts'
import { fixedFindings, otherFile } from './config/fixed.ts'
import { brokenRules, runDomainsOf } from './config/rules.ts'
import { type ConfigFile, configSchema } from './config/schema.ts'
import {
  besideFile,
  defaultInstance,
  findConfigFile,
  recipesDirOf,
  type Surroundings,
  secretsDirOf,
  stateDirOf,
  userFacts,
} from './config/surroundings.ts'
import { resolveUsers } from './config/users.ts'
import { InputError } from './errors.ts'
import type { Config } from './model/config.ts'
import type { InForce } from './model/inForce.ts'
import { type LoadedRecipes, loadRecipes } from './recipes/load.ts'
import { isTraced } from './tracing/configured.ts'

/** What a caller says of its surroundings; `etc` and `uid` are this machine's and this process's unless given. */
export type Given = Pick<Surroundings, 'env' | 'cwd'> & Partial<Pick<Surroundings, 'etc' | 'uid'>>

/**
 * The configuration (design section 6), checked as a whole together with the recipes that it enrols, and frozen.
 * @throws InputError with every fault at once, each with file, line and column
 */
export function loadConfig(given: Given): Config {
  const { config, faults } = read(given, null)
  if (config === null || faults.length > 0) throw new InputError('The configuration cannot be used', faults)
  return config
}

/**
 * What is to be in force from now on: the configuration and every recipe, of one reading. `running` = what a service was started with, of which a
 * part may not change under it; null = none is running.
 * @throws InputError with every fault of all of it at once
 */
export function loadInForce(given: Given, running: Config | null): InForce {
  const { config, faults, loaded } = read(given, running)
  const all = [...new Set([...faults, ...(loaded?.faults ?? [])])]
  if (config === null || loaded === null || all.length > 0)
    throw new InputError('berth serve cannot use its configuration and recipes', all)
  return { config, recipes: loaded.recipes }
}

interface Reading {
  /** Null = the file has faults of its own. */
  readonly config: Config | null
  /** Of the configuration, and of recipes that it enrols. */
  readonly faults: readonly string[]
  /** All recipes; null = where they are cannot be read. */
  readonly loaded: LoadedRecipes | null
}

function read(given: Given, running: Config | null): Reading {
  const around = { etc: '/etc', uid: process.geteuid?.() ?? -1, ...given }
  const found = findConfigFile(around)
  const moved = running === null ? null : otherFile(found?.file ?? null, running)
  if (moved !== null) return { config: null, faults: [moved], loaded: null }
  if (found === null) {
    const config = frozen(resolved(configSchema.parse({}), null, around))
    return { config, faults: [], loaded: loadRecipes(config.recipesDir, config.budgets, false) }
  }
  const yaml = readYaml(found.file, found.text, configSchema)
  const parts = yaml.parts ?? {}
  const { findings, faults, loaded } = brokenRules(parts, found.file, around, running !== null)
  const fixed = running === null ? [] : fixedFindings(yaml, found.file, around, running)
  const torn = running === null ? null : tornFault(found.file, found.text)
  const all = [...yaml.faultsWith([...findings, ...fixed]), ...(torn === null ? [] : [torn]), ...faults]
  const config = yaml.value === null ? null : frozen(resolved(yaml.value, found.file, around))
  return { config, faults: all, loaded }
}

function resolved(read: ConfigFile, file: string | null, around: Surroundings): Config {
  const stateDir = stateDirOf(read.stateDir, file, around)
  return {
    file,
    stateDir,
    recipesDir: recipesDirOf(read.recipesDir, file, around.cwd),
    secretsDir: secretsDirOf(read.secretsDir, file, around.cwd),
    baseDomain: read.baseDomain,
    runDomains: runDomainsOf(read.baseDomain, read.runDomains),
    instance: read.instance ?? defaultInstance(stateDir, around.etc),
    slots: read.slots,
    runAs: resolveUsers(read.runAs, userFacts(around)).users,
    repositories: Object.entries(read.repositories).map(([pattern, enrolment]) => {
      const { recipes, default: bare = null, supersede = null, priority = 0 } = enrolment
      return { pattern, recipes, default: bare, supersede, priority }
    }),
    trust: read.trust,
    limits: limitsOf(read.limits),
    supersede: read.supersede,
    budgets: {
      deadlineMs: read.budgets.deadline,
      teardownMs: read.budgets.teardown,
      killGraceMs: read.budgets.killGrace,
    },
    stageLimits: read.stageLimits,
    retention: {
      days: read.retention.days,
      sizeBytes: read.retention.size,
      imageBytes: read.retention.images,
    },
    reconcileMs: read.reconcile,
    docker: engineOf(read.docker, (path) => besideFile(path, file, around.cwd)),
    web: read.web,
    notify: { webhook: read.notify.webhook ?? null },
    switchedOff: read.switchedOff,
    traced: isTraced(around.env),
  }
}

function limitsOf({ crashPause, ...limits }: ConfigFile['limits']): Config['limits'] {
  return { ...limits, crashPauseMs: crashPause }
}

function engineOf(
  { host, certPath, configDir }: ConfigFile['docker'],
  at: (path: string) => string,
): Config['docker'] {
  return {
    host: host ?? null,
    certPath: certPath === undefined ? null : at(certPath),
    configDir: configDir === undefined ? null : at(configDir),
  }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
