import { createBareRepository } from './git/bare.ts'
import { commitFiles } from './git/commit.ts'
import type { Hub } from './hub.ts'
import { fullName, personOf, repositoryById } from './memory.ts'
import { openPull } from './pulls.ts'
import type { Account, Repository, Role } from './records.ts'

export const MAINTAINER = 'octocat'

/** Who is there, and what each may do in `acme/site`. */
const PEOPLE: readonly { readonly login: string; readonly role: Role | null }[] = [
  { login: MAINTAINER, role: 'maintain' },
  { login: 'visitor', role: 'read' },
]

const SITE_FILES = {
  'README.md': '# Site\n\nA small site that shows how a pull request gets a test run of its own.\n',
  'index.html':
    '<!doctype html>\n<html lang="en">\n<title>Site</title>\n<h1>It works</h1>\n<p>Served from a pull request.</p>\n</html>\n',
} as const

/** The organisation: the App belongs to it and is installed on it. */
export const ORGANISATION: Account = { id: 1, login: 'acme', kind: 'Organization' }

/**
 * Fills an empty hub: `acme/site` with a pull request that passes the recipe `hello`, one that fails it, and one from a fork.
 */
export async function addExample(
  hub: Hub,
): Promise<{ readonly site: Repository; readonly fork: Repository }> {
  const { memory } = hub
  memory.accounts.set(ORGANISATION.login, ORGANISATION)
  for (const { login } of PEOPLE) memory.accounts.set(login, { id: memory.nextId(), login, kind: 'User' })
  const site = await addSite(hub, ORGANISATION)
  const fork = addFork(hub, site, personOf(memory, 'visitor'))
  await openPull(hub, {
    repository: site,
    headRepository: site,
    branch: 'greet-visitors',
    title: 'Greet visitors',
    body: 'Says hello to whoever comes by. Its test run passes.',
    author: 'octocat',
    files: { 'greeting.txt': 'Hello, visitor.\n' },
  })
  await openPull(hub, {
    repository: site,
    headRepository: site,
    branch: 'drop-readme',
    title: 'Drop the README',
    body: 'Nobody reads it, or so it seems: the recipe does, and its test run fails.',
    author: 'octocat',
    files: { 'README.md': null },
  })
  await openPull(hub, {
    repository: site,
    headRepository: fork,
    branch: 'typo',
    title: 'Fix a word',
    body: 'A change from a fork: strangers’ code does not run before somebody with write access has looked at it.',
    author: 'visitor',
    files: { 'index.html': SITE_FILES['index.html'].replace('It works', 'It does work') },
  })
  return { site: repositoryById(memory, site.id), fork: repositoryById(memory, fork.id) }
}

async function addSite(hub: Hub, organisation: Account): Promise<Repository> {
  return addRepository(hub, organisation, 'site', 'A small site to try test runs on')
}

/** A repository with one commit and no pull request, on which the App is installed and the people have their roles. */
export async function addRepository(
  hub: Hub,
  owner: Account,
  name: string,
  description: string,
): Promise<Repository> {
  const { memory, git } = hub
  const repository = newRepository(hub, { owner, name, description, fork: false })
  memory.roles.set(
    repository.id,
    new Map(PEOPLE.flatMap(({ login, role }) => (role === null ? [] : [[login, role]]))),
  )
  await createBareRepository(git, fullName(repository))
  const sha = await commitFiles(git, fullName(repository), {
    parent: null,
    refs: ['refs/heads/main'],
    files: SITE_FILES,
    message: 'Begin the site\n',
    author: 'octocat',
    atMs: hub.now(),
  })
  memory.commits.set(repository.id, new Set([sha]))
  return repository
}

/** Forks share their parent's objects; the App is not installed on this one, so nothing of it is served. */
function addFork(hub: Hub, site: Repository, owner: Account): Repository {
  const { name, description } = site
  const fork = newRepository(hub, { owner, name, description, fork: true })
  hub.memory.roles.set(fork.id, new Map([[owner.login, 'admin']]))
  hub.memory.commits.set(fork.id, new Set())
  return fork
}

function newRepository(
  hub: Hub,
  what: Pick<Repository, 'owner' | 'name' | 'description' | 'fork'>,
): Repository {
  const nowMs = hub.now()
  const repository: Repository = {
    id: hub.memory.nextId(),
    ...what,
    createdAtMs: nowMs,
    archived: false,
    updatedAtMs: nowMs,
    pushedAtMs: nowMs,
  }
  hub.memory.repositories.set(repository.id, repository)
  return repository
}
