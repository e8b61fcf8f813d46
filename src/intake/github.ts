import { PERMISSIONS, type Permission } from '../model/config.ts'
import type { PullRequestFacts } from '../model/policyFacts.ts'
import type { Store } from '../model/ports.ts'
import { type Fields, fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'
import { withDeadline } from '../report/deadline.ts'
import type { GitHubParts } from '../report/github.ts'
import type { Actor, Repository } from './event.ts'
import { GitHubFault, gitHubFault, isNotFound } from './gitHubFault.ts'
import type { GitHubFacts } from './ports.ts'

/** An answer that takes longer is not waited for: the delivery is put off. */
const CALL_MS = 10_000

const SHA = /^[0-9a-f]{40}$/

interface FactsParts extends Pick<GitHubParts, 'octokitFor' | 'time'> {
  /** What GitHub has said of its limits, here or to the outbox. */
  readonly store: Pick<Store, 'limitedUntil' | 'noteLimit'>
}

/** GitHub's REST API as the source of what only GitHub knows. While it limits an installation, it is not asked. */
export function gitHubFacts(parts: FactsParts): GitHubFacts {
  const { octokitFor, time } = parts
  /** `retries: 0`: the intake asks again by itself, and durably. */
  function ask(repository: Repository, route: string, parameters: Record<string, unknown>): Promise<unknown> {
    const { owner, name: repo, installationId } = repository
    const never = new AbortController().signal
    return withDeadline(time, CALL_MS, `${route} of ${repository.fullName}`, never, async (signal) => {
      const octokit = await octokitFor(installationId)
      const { data } = await octokit.request(route, {
        owner,
        repo,
        ...parameters,
        request: { retries: 0, signal },
      })
      return data
    })
  }

  async function askPermission(repository: Repository, actor: Actor): Promise<Permission> {
    try {
      return permissionOf(await ask(repository, PERMISSION, { username: actor.login }), actor)
    } catch (error) {
      if (isNotFound(error)) return 'none'
      throw error
    }
  }

  return {
    permissionOf: (repository, actor) =>
      told(parts, `permission of ${actor.login} in ${repository.fullName}`, repository, () =>
        askPermission(repository, actor),
      ),
    pullRequest: (repository, pr) =>
      told(parts, `pull request ${repository.fullName}#${pr}`, repository, async () =>
        pullRequestOf(await ask(repository, PULL_REQUEST, { pull_number: pr })),
      ),
  }
}

/** What `read` gets from GitHub, which is left alone for as long as it has asked for. */
async function told<T>(
  { store, time }: FactsParts,
  what: string,
  { installationId }: Repository,
  read: () => Promise<T>,
): Promise<T> {
  const untilMs = await store.limitedUntil(installationId, time.now())
  if (untilMs > 0)
    throw new GitHubFault(`${what}: GitHub limits this installation`, {
      notBeforeMs: untilMs,
      isLimit: true,
    })
  try {
    return await read()
  } catch (error) {
    const fault = gitHubFault(what, error, time.now())
    if (fault.isLimit) await store.noteLimit(installationId, fault.notBeforeMs)
    throw fault
  }
}

const PERMISSION = 'GET /repos/{owner}/{repo}/collaborators/{username}/permission'
const PULL_REQUEST = 'GET /repos/{owner}/{repo}/pulls/{pull_number}'

/** `role_name` may be an organisation's own word; `permission` is then the nearest of GitHub's. A login can change hands: the id counts. */
function permissionOf(data: unknown, actor: Actor): Permission {
  const fields = fieldsOf(data, 'permission')
  const user = optional(fields, 'user', (all, key) => fieldsOf(all[key], key))
  if (user === null || numberOf(user, 'id') !== actor.id) return 'none'
  const role = PERMISSIONS.find((permission) => permission === fields['role_name'])
  return role ?? oneOf(fields, 'permission', PERMISSIONS)
}

function pullRequestOf(data: unknown): PullRequestFacts {
  const fields = fieldsOf(data, 'pull request')
  const head = fieldsOf(fields['head'], 'head')
  const from = optional(head, 'repo', (all, key) => fieldsOf(all[key], key))
  return {
    open: textOf(fields, 'state') === 'open',
    headSha: shaOf(head),
    headRepositoryId: from === null ? null : String(numberOf(from, 'id')),
    headPushedAtMs: from === null ? null : pushedAt(from),
    updatedAtMs: updatedAt(fields),
  }
}

function shaOf(head: Fields): string {
  const sha = textOf(head, 'sha')
  if (SHA.test(sha)) return sha
  throw new TypeError(`head.sha must be 40 hex digits, and is ${sha}`)
}

function updatedAt(pullRequest: Fields): number {
  const ms = Date.parse(textOf(pullRequest, 'updated_at'))
  if (Number.isFinite(ms)) return ms
  throw new TypeError(`updated_at must be a time, and is ${String(pullRequest['updated_at'])}`)
}

function pushedAt(repository: Fields): number | null {
  const ms = Date.parse(optional(repository, 'pushed_at', textOf) ?? '')
  return Number.isFinite(ms) ? ms : null
}
