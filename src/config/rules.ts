import type { Config, Enrolment } from '../model/config.ts'
import { DEFAULT_DOMAIN, type DomainConfig } from '../model/domain.ts'
import { formatDuration } from '../model/duration.ts'
import { type LoadedRecipes, loadRecipes } from '../recipes/load.ts'
import type { Finding } from './document.ts'
import { enrolmentFindings, sampleDomain } from './enrolments.ts'
import type { Salvaged } from './salvage.ts'
import { type ConfigFile, regularExpression } from './schema.ts'
import { recipesDirOf, type Surroundings, userFacts } from './surroundings.ts'
import { resolveUsers } from './users.ts'

type Parts = Salvaged<ConfigFile>

export interface Broken {
  readonly findings: readonly Finding[]
  /** Faults of other files: of recipes that are enrolled. */
  readonly faults: readonly string[]
  /** Null = where they are cannot be read. */
  readonly loaded: LoadedRecipes | null
}

/**
 * What is wrong between the fields of a configuration, this machine's users, and the recipes that it enrols.
 * @param isLive a service works with what was read before: files may be half written
 */
export function brokenRules(parts: Parts, file: string, around: Surroundings, isLive: boolean): Broken {
  const own = [
    ...resolveUsers(parts.runAs ?? [], userFacts(around)).findings,
    ...budgetFindings(budgetsIn(parts)),
    ...repeatedSwitches(parts),
    ...certificateFindings(parts),
  ]
  const { baseDomain } = parts
  if (baseDomain === undefined) return { findings: own, faults: [], loaded: null }
  const domains = { baseDomain, runDomains: runDomainsOf(baseDomain, parts.runDomains) }
  const loaded = loadRecipes(
    recipesDirOf(parts.recipesDir, file, around.cwd),
    budgetsIn(parts),
    (parts.runAs ?? []).length > 0,
    isLive,
  )
  const enrolments = enrolmentsIn(parts)
  const findings = [
    ...own,
    ...domainFindings(domains, loaded),
    ...enrolmentFindings(enrolments, loaded, domains),
  ]
  return { findings, faults: enrolledFaults(enrolments, loaded), loaded }
}

/** The whole name must match, however the expression is written. */
export function runDomainsOf(baseDomain: string, source: string | undefined): RegExp {
  const given = source === undefined ? null : regularExpression(source)
  return given ?? new RegExp(`^[a-z0-9-]+\\.${baseDomain.replaceAll('.', '\\.')}$`)
}

/** Runs may never touch the base itself: what is canonical lives there. */
function domainFindings(domains: DomainConfig, { recipes }: LoadedRecipes): readonly Finding[] {
  const { baseDomain, runDomains } = domains
  if (runDomains.test(baseDomain))
    return [
      {
        path: ['runDomains'],
        text: `matches ${baseDomain} itself, which no run may touch; ask for a label before it`,
      },
    ]
  const samples = [{ name: 'hello', domain: DEFAULT_DOMAIN }, ...recipes].map((recipe) =>
    sampleDomain(recipe, 'acme/site', domains),
  )
  if (samples.some((sample) => 'domain' in sample)) return []
  return [
    {
      path: ['runDomains'],
      text: `matches no domain that a recipe makes under ${baseDomain}, such as site-hello-pr1.${baseDomain}`,
    },
  ]
}

/** One that cannot be read has a fault of its own, and nothing is too long for it: what it was to be nobody knows. */
function budgetsIn(parts: Parts): Config['budgets'] {
  return {
    deadlineMs: parts.budgets?.deadline ?? NOT_READ,
    teardownMs: parts.budgets?.teardown ?? NOT_READ,
    killGraceMs: parts.budgets?.killGrace ?? 0,
  }
}

const NOT_READ = Number.POSITIVE_INFINITY

/** What a teardown ends gets the grace, too, within the time that it has. */
function budgetFindings({ teardownMs, killGraceMs }: Config['budgets']): readonly Finding[] {
  if (killGraceMs <= teardownMs) return []
  const text = `is ${formatDuration(killGraceMs)}; at most ${formatDuration(teardownMs)}, budgets.teardown: a teardown has to end what is deaf, too`
  return [{ path: ['budgets', 'killGrace'], text }]
}

function repeatedSwitches({ switchedOff = [] }: Parts): readonly Finding[] {
  return switchedOff.flatMap((name, index) =>
    name === undefined || switchedOff.indexOf(name) === index
      ? []
      : [{ path: ['switchedOff', index], text: `${name} is there already` }],
  )
}

/** Whoever says where the certificates are wants them used; a socket of this machine has none. */
function certificateFindings({ docker = {} }: Parts): readonly Finding[] {
  const isSocket = docker.host?.startsWith('unix:') === true || !('host' in docker)
  if (docker.certPath === undefined || !isSocket) return []
  const text = 'is for an engine behind TLS; say where it is: host: tcp://HOST:2376'
  return [{ path: ['docker', 'certPath'], text }]
}

/** An unreadable member of a list keeps its place as an empty word, and has its own fault. */
function enrolmentsIn(parts: Parts): readonly Enrolment[] {
  return Object.entries(parts.repositories ?? {}).map(([pattern, enrolment]) => ({
    pattern,
    recipes: (enrolment?.recipes ?? []).map((name) => name ?? ''),
    default: enrolment?.default ?? null,
    supersede: enrolment?.supersede ?? null,
    priority: enrolment?.priority ?? 0,
  }))
}

/** Recipes that nobody enrols stop nothing: `berth recipes check` tells their faults. */
function enrolledFaults(
  enrolments: readonly Enrolment[],
  { recipes, broken, faults }: LoadedRecipes,
): readonly string[] {
  if (enrolments.length === 0) return []
  if (recipes.length + broken.length === 0) return faults
  const enrolled = new Set(enrolments.flatMap((enrolment) => enrolment.recipes))
  return broken.filter(({ name }) => enrolled.has(name)).flatMap((recipe) => recipe.faults)
}
