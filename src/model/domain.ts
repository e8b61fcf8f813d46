import { HarnessError } from '../errors.ts'
import type { Config } from './config.ts'
import {
  domainFault,
  MOST_NAMES,
  MOST_STACK_CHARACTERS,
  type Name,
  sortedNames,
  stackNameFault,
} from './names.ts'
import type { Recipe } from './recipe.ts'

/** What a domain is made from. `owner` is empty for a run of a local repository; `run` is the run's id. */
export interface DomainFacts {
  readonly owner: string
  readonly repo: string
  readonly pr: number
  readonly run: string
}

export type DomainConfig = Pick<Config, 'baseDomain' | 'runDomains'>
export type DomainRecipe = Pick<Recipe, 'name' | 'domain'>

/** A text's hash in lower-case hex digits, at least 8 of them, such as SHA-256. Injected: the model is pure. */
export type Hash = (text: string) => string

export type MadeDomain = { readonly domain: string } | { readonly fault: string }

/** The template of a recipe that says none. */
export const DEFAULT_DOMAIN = '{repo}-{recipe}-pr{pr}.{base}'

/** What a recipe's template may say in braces. */
const PLACEHOLDERS = ['owner', 'repo', 'recipe', 'pr', 'base', 'run', 'hash'] as const
type Placeholder = (typeof PLACEHOLDERS)[number]

const IN_BRACES = /\{([^{}]*)\}/g
const MOST_LABEL_CHARACTERS = 63
/** 32 bits: two of a thousand shortened names meet about once in ten thousand sets. */
const HASH_CHARACTERS = 8

/**
 * The domain that a run deploys at: the recipe's template filled in, each part made of lower-case letters, digits and hyphens.
 * A label that is too long for DNS, or makes the stack name too long for Docker, is cut and gets a hash of what it was made
 * from, so that two repositories never share a cut name by accident.
 */
export function domainFor(
  recipe: DomainRecipe,
  facts: DomainFacts,
  config: DomainConfig,
  hash: Hash,
): MadeDomain {
  const fault = templateFault(recipe.domain)
  if (fault !== null) return { fault: `recipe ${recipe.name}: ${fault}` }
  const domain = shortened(filled(recipe, facts, config.baseDomain, hash), config.baseDomain, (text) =>
    shortHash(hash, `${identityOf(recipe, facts)}\n${text}`),
  )
  const unfit = runDomainFault(domain, config)
  return unfit === null ? { domain } : { fault: `recipe ${recipe.name}: ${unfit}` }
}

/** Why nothing may be deployed at this domain, or null. Also for a domain that a person gave (`--domain`). */
export function runDomainFault(domain: string, config: DomainConfig): string | null {
  const fault = domainFault(domain) ?? stackNameFault(domain)
  if (fault !== null) return fault
  if (config.runDomains.test(domain)) return null
  return `domain ${domain} is not one that runs may use (runDomains: ${config.runDomains.source})`
}

/** What is wrong with a template, or null: each placeholder must be a known one. */
export function templateFault(template: string): string | null {
  const unknown = [...template.matchAll(IN_BRACES)].find(([, word]) => !isPlaceholder(word ?? ''))
  const choice = PLACEHOLDERS.map((word) => `{${word}}`).join(' ')
  if (unknown !== undefined) return `domain template says ${unknown[0]}; it may say ${choice}`
  if (/[{}]/.test(template.replaceAll(IN_BRACES, '')))
    return `domain template ${template} has a brace without its pair; it may say ${choice}`
  return null
}

/** Whether the template names this placeholder. */
export function mentions(template: string, placeholder: Placeholder): boolean {
  return template.includes(`{${placeholder}}`)
}

/**
 * All names that a run locks: its domain and its recipe's resources, sorted, at most 7.
 * @throws HarnessError TOO_MANY_NAMES; the recipe loader refuses such a recipe before
 */
export function namesOf(recipe: Pick<Recipe, 'name' | 'resources'>, domain: string): readonly Name[] {
  const names = sortedNames([domain, ...recipe.resources.map((word) => `r:${word}`)])
  if (names.length <= MOST_NAMES) return names
  throw new HarnessError(
    'TOO_MANY_NAMES',
    `Recipe ${recipe.name} wants ${names.length} names; a run holds at most ${MOST_NAMES}`,
  )
}

function filled(recipe: DomainRecipe, facts: DomainFacts, base: string, hash: Hash): string {
  const values: Readonly<Record<Placeholder, string>> = {
    owner: labelPart(facts.owner, hash),
    repo: labelPart(facts.repo, hash),
    recipe: labelPart(recipe.name, hash),
    pr: String(facts.pr),
    run: labelPart(facts.run, hash),
    hash: shortHash(hash, identityOf(recipe, facts)),
    base,
  }
  const text = recipe.domain.replaceAll(IN_BRACES, (braces, word: string) =>
    isPlaceholder(word) ? values[word] : braces,
  )
  return text.toLowerCase().split('.').map(trimmed).join('.')
}

/** GitHub's names differ by more than letter case, so case alone makes no other identity. */
function identityOf(recipe: DomainRecipe, facts: DomainFacts): string {
  return `${facts.owner}/${facts.repo}/${recipe.name}/${facts.pr}`.toLowerCase()
}

/** A part with no letter or digit at all (a repository named `_`) is told apart by its hash. */
function labelPart(text: string, hash: Hash): string {
  const part = trimmed(text.toLowerCase().replaceAll(/[^a-z0-9]/g, '-'))
  return part === '' && text !== '' ? shortHash(hash, text) : part
}

function trimmed(label: string): string {
  return label.replaceAll(/^-+|-+$/g, '')
}

/** The longest label before the base gives way; what cannot be cut enough is left for the checks to refuse. */
function shortened(domain: string, base: string, hash: Hash): string {
  const tail = domain.endsWith(`.${base}`) ? `.${base}` : ''
  const labels = domain.slice(0, domain.length - tail.length).split('.')
  const index = labels.findIndex((label) => label.length === Math.max(...labels.map(({ length }) => length)))
  const label = labels[index] ?? ''
  const room = Math.min(MOST_LABEL_CHARACTERS, MOST_STACK_CHARACTERS - (domain.length - label.length))
  if (label.length <= room || room <= HASH_CHARACTERS + 1) return domain
  const cut = `${trimmed(label.slice(0, room - HASH_CHARACTERS - 1))}-${hash(domain)}`
  return `${labels.with(index, cut).join('.')}${tail}`
}

function shortHash(hash: Hash, text: string): string {
  return hash(text).slice(0, HASH_CHARACTERS)
}

function isPlaceholder(word: string): word is Placeholder {
  return PLACEHOLDERS.some((placeholder) => placeholder === word)
}
