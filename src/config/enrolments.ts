import { createHash } from 'node:crypto'
import { didYouMean } from '../model/closest.ts'
import type { Enrolment } from '../model/config.ts'
import {
  type DomainConfig,
  type DomainRecipe,
  domainFor,
  type MadeDomain,
  mentions,
} from '../model/domain.ts'
import type { Recipe } from '../model/recipe.ts'
import type { LoadedRecipes } from '../recipes/load.ts'
import type { Finding } from './document.ts'

/** Any repository of an owner. */
const ANY = '*'

/** What is wrong between the enrolments, the recipes and the domains that they make. */
export function enrolmentFindings(
  enrolments: readonly Enrolment[],
  known: Pick<LoadedRecipes, 'recipes' | 'broken'>,
  domains: DomainConfig,
): readonly Finding[] {
  return [
    ...enrolments.flatMap((enrolment) => wordFindings(enrolment, known)),
    ...sameRepository(enrolments),
    ...known.recipes.flatMap((recipe) => {
      const users = enrolments.filter((enrolment) => enrolment.recipes.includes(recipe.name))
      return domainFindings(recipe, users, domains)
    }),
  ]
}

function wordFindings(
  enrolment: Enrolment,
  known: Pick<LoadedRecipes, 'recipes' | 'broken'>,
): readonly Finding[] {
  const names = known.recipes.map(({ name }) => name)
  const unknown = enrolment.recipes.flatMap((name, index) => {
    if (name === '' || names.includes(name) || known.broken.some((recipe) => recipe.name === name)) return []
    const text = `there is no recipe ${name}.${didYouMean(name, names)} There is: ${names.join(', ') || 'none'}`
    return [{ path: ['repositories', enrolment.pattern, 'recipes', index], text }]
  })
  const repeated = enrolment.recipes.flatMap((name, index) => {
    if (enrolment.recipes.indexOf(name) === index) return []
    return [{ path: ['repositories', enrolment.pattern, 'recipes', index], text: `${name} is there already` }]
  })
  if (enrolment.default === null || enrolment.recipes.includes(enrolment.default))
    return [...unknown, ...repeated]
  const text = `must be one of this repository's recipes (${enrolment.recipes.join(', ')}), and is ${enrolment.default}`
  return [...unknown, ...repeated, { path: ['repositories', enrolment.pattern, 'default'], text }]
}

/** GitHub's names differ by more than letter case. */
function sameRepository(enrolments: readonly Enrolment[]): readonly Finding[] {
  const patterns = enrolments.map(({ pattern }) => pattern.toLowerCase())
  return enrolments.flatMap(({ pattern }, index) => {
    if (patterns.indexOf(pattern.toLowerCase()) === index) return []
    return [{ path: ['repositories', pattern], text: 'is enrolled already, in other letter case' }]
  })
}

function domainFindings(
  recipe: Recipe,
  users: readonly Enrolment[],
  domains: DomainConfig,
): readonly Finding[] {
  return users.flatMap(({ pattern, recipes }, index) => {
    const path = ['repositories', pattern, 'recipes', recipes.indexOf(recipe.name)]
    const made = sampleDomain(recipe, pattern, domains)
    if ('fault' in made) return [{ path, text: made.fault }]
    const mixed = [pattern, ...users.slice(0, index).map((user) => user.pattern)].find(
      (other) => !toldApart(recipe, pattern, other, domains),
    )
    if (mixed === undefined) return []
    const text = `recipe ${recipe.name}: its domain ${recipe.domain} does not tell ${whose(pattern, mixed)} apart; add {owner}, {repo} or {hash}`
    return [{ path, text }]
  })
}

function whose(pattern: string, other: string): string {
  return pattern === other ? `the repositories of ${pattern}` : `${pattern} and ${other}`
}

/** Would two repositories that fit these patterns (one pattern twice: two that fit it) get two domains. */
function toldApart(recipe: Recipe, one: string, other: string, domains: DomainConfig): boolean {
  const single = one.toLowerCase() === other.toLowerCase() && !one.endsWith(ANY)
  if (single || mentions(recipe.domain, 'hash') || mentions(recipe.domain, 'run')) return true
  if (one.endsWith(ANY) || other.endsWith(ANY))
    return mentions(recipe.domain, ownerOf(one) === ownerOf(other) ? 'repo' : 'owner')
  const [first, second] = [sampleDomain(recipe, one, domains), sampleDomain(recipe, other, domains)]
  return !('domain' in first && 'domain' in second && first.domain === second.domain)
}

function ownerOf(pattern: string): string {
  return pattern.slice(0, pattern.indexOf('/')).toLowerCase()
}

/** The domain of pull request 1 of a repository that fits the pattern. */
export function sampleDomain(recipe: DomainRecipe, pattern: string, domains: DomainConfig): MadeDomain {
  const repo = pattern.slice(pattern.indexOf('/') + 1)
  const facts = { owner: ownerOf(pattern), repo: repo === ANY ? 'site' : repo, pr: 1, run: 'run' }
  return domainFor(recipe, facts, domains, (text) => createHash('sha256').update(text).digest('hex'))
}
