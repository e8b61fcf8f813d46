import { readYaml } from './config/document.ts'
import { brokenRules, runDomainsOf } from './config/rules.ts'
import { type ConfigFile, configSchema } from './config/schema.ts'
import {
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
import { isTraced } from './tracing/configured.ts'

/** What a caller says of its surroundings; `etc` and `uid` are this machine's and this process's unless given. */
export type Given = Pick<Surroundings, 'env' | 'cwd'> & Partial<Pick<Surroundings, 'etc' | 'uid'>>

/**
 * The configuration (design section 6), checked as a whole together with the recipes that it enrols, and frozen.
 * @throws InputError with every fault at once, each with file, line and column
 */
export function loadConfig(given: Given): Config {
  const around = { etc: '/etc', uid: process.geteuid?.() ?? -1, ...given }
  const found = findConfigFile(around)
  if (found === null) return frozen(resolved(configSchema.parse({}), null, around))
  const yaml = readYaml(found.file, found.text, configSchema)
  const { findings, faults } = brokenRules(yaml.parts ?? {}, found.file, around)
  const all = [...yaml.faultsWith(findings), ...faults]
  if (yaml.value === null || all.length > 0) throw new InputError('The configuration cannot be used', all)
  return frozen(resolved(yaml.value, found.file, around))
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
      const { recipes, default: bare = null, supersede = null } = enrolment
      return { pattern, recipes, default: bare, supersede }
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
    retention: { days: read.retention.days, sizeBytes: read.retention.size },
    reconcileMs: read.reconcile,
    notify: { webhook: read.notify.webhook ?? null },
    traced: isTraced(around.env),
  }
}

function limitsOf({ crashPause, ...limits }: ConfigFile['limits']): Config['limits'] {
  return { ...limits, crashPauseMs: crashPause }
}

function frozen<T>(value: T): T {
  if (typeof value !== 'object' || value === null || value instanceof RegExp) return value
  for (const part of Object.values(value)) frozen(part)
  return Object.freeze(value)
}
