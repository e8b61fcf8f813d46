import type { Config, Enrolment } from '../../src/model/config.ts'
import { DEFAULT_ALLOW } from '../../src/model/enginePolicy/allow.ts'
import { JUST_QUEUED } from '../../src/model/justQueued.ts'
import type { PolicyConfig, PolicyFacts } from '../../src/model/policyFacts.ts'
import type { RunRow } from '../../src/model/ports.ts'
import type { Recipe } from '../../src/model/recipe.ts'

export const HEAD = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
export const OLDER = 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb'
export const ASKED_AT = Date.parse('2026-01-02T03:04:05Z')

export const TRUST: Config['trust'] = { run: 'write', cancel: 'write', hold: 'admin', forks: 'approve' }

export const LIMITS: Config['limits'] = {
  perActorPerHour: 20,
  perPullRequestPerHour: 10,
  perRepositoryPerHour: 60,
  repeatsPerTenMinutes: 5,
  crashesInARow: 3,
  crashPauseMs: 3_600_000,
}

export function aConfig(change: Partial<PolicyConfig> = {}): PolicyConfig {
  return {
    trust: TRUST,
    limits: LIMITS,
    runAs: [{ uid: 1001, gid: 1001 }],
    ...change,
  }
}

export function anEnrolment(change: Partial<Enrolment> = {}): Enrolment {
  return {
    pattern: 'acme/site',
    recipes: ['hello', 'world'],
    default: 'hello',
    supersede: null,
    priority: 0,
    ...change,
  }
}

export function aRecipe(name: string, change: Partial<Recipe> = {}): Recipe {
  return {
    name,
    folder: `/recipes/${name}`,
    digest: '0'.repeat(64),
    description: `Says ${name}`,
    driver: 'process',
    domain: '{repo}-{recipe}-pr{pr}.{base}',
    deadlineMs: 600_000,
    resources: [],
    arguments: {},
    env: {},
    limits: { memoryBytes: null, processes: null, cpus: null },
    secrets: {},
    stages: [{ name: 'check', run: 'true', timeoutMs: 60_000, uninterruptible: false }],
    teardown: { run: 'true', timeoutMs: 60_000 },
    stack: null,
    allow: DEFAULT_ALLOW,
    ...change,
  }
}

const SIZES = { size: { values: ['s', 'l'], default: 's' } }

/** What is known of an ordinary case: a writer asks on an open pull request of a branch of the repository itself. */
export function someFacts(change: Partial<PolicyFacts> = {}): PolicyFacts {
  return {
    enrolment: anEnrolment(),
    recipes: [aRecipe('hello', { arguments: SIZES }), aRecipe('world')],
    repositoryId: '42',
    permission: 'write',
    pullRequest: {
      open: true,
      headSha: HEAD,
      headRepositoryId: '42',
      headPushedAtMs: ASKED_AT - 60_000,
      updatedAtMs: ASKED_AT,
    },
    askedAtMs: ASKED_AT,
    domains: [],
    namedSha: null,
    lastHead: null,
    approved: new Set(),
    takenBack: new Set(),
    givenAfter: new Set(),
    askedIn: null,
    pullRequestUses: [],
    repositoryUses: [],
    repeats: new Map(),
    crashLoops: [],
    unfinished: [],
    over: [],
    ...change,
  }
}

/** The same on a pull request from a fork. */
export function forkFacts(change: Partial<PolicyFacts> = {}): PolicyFacts {
  const facts = someFacts(change)
  return { ...facts, pullRequest: { ...facts.pullRequest, headRepositoryId: '77', ...change.pullRequest } }
}

export function aRunRow(id: string, change: Partial<RunRow> = {}): RunRow {
  return {
    id,
    priority: 0,
    enqueuedAtMs: ASKED_AT,
    repository: 'acme/site',
    repositoryId: '42',
    installationId: 7,
    cloneUrl: 'https://github.test/acme/site.git',
    pr: 12,
    sha: HEAD,
    pinnedAtMs: ASKED_AT,
    ref: 'refs/pull/12/head',
    fork: false,
    recipe: 'hello',
    arguments: { size: 's' },
    keepMs: 0,
    domain: 'site-hello-pr12.ci.test',
    names: ['site-hello-pr12.ci.test'],
    actor: 'octocat',
    commentId: 99,
    ...JUST_QUEUED,
    ...change,
  }
}
