import { HarnessError } from '../errors.ts'
import { type Fields, fieldsOf, listOf, numberOf, optional, textOf } from '../model/read.ts'
import { withDeadline } from './deadline.ts'
import type { CheckKey, FoundReply, GitHubWriter, Target } from './ports.ts'
import type { Time } from './time.ts'

/** What is used of an Octokit; Probot's and @octokit/rest's fit. */
interface Octokit {
  request(route: string, parameters: Record<string, unknown>): Promise<{ readonly data: unknown }>
}

export interface GitHubParts {
  /**
   * A client of the installation, asked for at each call: it holds the token, and renews it (tokens end after an hour). Make it
   * without Octokit's throttling: its queue and its own repetitions take longer than a call may last here.
   */
  octokitFor(installationId: number): Promise<Octokit>
  /** Check runs and comments of other apps are not taken for ours; null = not known, then none is told apart. */
  readonly appId: number | null
  readonly time: Time
}

/** GitHub itself ends a request after 10 s; the rest is for the way there and back. */
const CALL_MS = 30_000
const PAGE_SIZE = 100
/** A search that long tells nothing certain any more. */
const MOST_PAGES = 100

/** Speaks to GitHub through Octokit. Bodies go out as the text that they are stored as. */
export function githubWriter(parts: GitHubParts): GitHubWriter {
  return { ...checksOn(parts), ...commentsOn(parts) }
}

type Checks = Pick<GitHubWriter, 'findCheck' | 'checkRun' | 'createCheck' | 'updateCheck'>

function checksOn(parts: GitHubParts): Checks {
  const { appId } = parts
  return {
    async findCheck(target, key, signal) {
      const route = 'GET /repos/{owner}/{repo}/commits/{ref}/check-runs'
      const query = { ref: key.sha, check_name: key.name, filter: 'all' }
      const ids: number[] = []
      for await (const page of pagesOf(parts, target, route, query, signal))
        ids.push(...listOf(fieldsOf(page, 'page'), 'check_runs', (run) => idOfOurs(run, key, appId)).flat())
      return ids.length === 0 ? null : Math.min(...ids)
    },
    checkRun(target, id, signal) {
      const route = 'GET /repos/{owner}/{repo}/check-runs/{check_run_id}'
      return call(parts, target, route, { check_run_id: id }, signal)
    },
    async createCheck(target, data, signal) {
      const answer = await call(parts, target, 'POST /repos/{owner}/{repo}/check-runs', { data }, signal)
      return numberOf(fieldsOf(answer, 'check run'), 'id')
    },
    async updateCheck(target, id, data, signal) {
      const route = 'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}'
      await call(parts, target, route, { check_run_id: id, data }, signal)
    },
  }
}

function commentsOn(parts: GitHubParts): Omit<GitHubWriter, keyof Checks> {
  const { appId } = parts
  return {
    async findReply(target, { pr, marker, sinceMs }, signal) {
      const route = 'GET /repos/{owner}/{repo}/issues/{issue_number}/comments'
      const query = { issue_number: pr, since: new Date(sinceMs).toISOString() }
      for await (const page of pagesOf(parts, target, route, query, signal)) {
        const [found] = listOf({ page }, 'page', (comment) => ours(comment, marker, appId)).flat()
        if (found !== undefined) return found
      }
      return null
    },
    async createReply(target, pr, data, signal) {
      const route = 'POST /repos/{owner}/{repo}/issues/{issue_number}/comments'
      const answer = await call(parts, target, route, { issue_number: pr, data }, signal)
      return numberOf(fieldsOf(answer, 'comment'), 'id')
    },
    async updateReply(target, id, data, signal) {
      const route = 'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}'
      await call(parts, target, route, { comment_id: id, data }, signal)
    },
    async react(target, commentId, data, signal) {
      const route = 'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions'
      await call(parts, target, route, { comment_id: commentId, data }, signal)
    },
  }
}

/** `retries: 0` keeps Octokit's retry plugin from repeating a request whose answer was lost: a second create would go out unlooked. */
async function call(
  { octokitFor, time }: GitHubParts,
  { installationId, repository }: Target,
  route: string,
  parameters: Record<string, unknown>,
  signal: AbortSignal,
): Promise<unknown> {
  const [owner, repo] = repository.split('/')
  const { data } = await withDeadline(time, CALL_MS, `${route} of ${repository}`, signal, async (cut) => {
    const octokit = await octokitFor(installationId)
    return octokit.request(route, { owner, repo, ...parameters, request: { retries: 0, signal: cut } })
  })
  return data
}

/** Every page, until one is not full; both lists answer with their items at the top or under one key. */
async function* pagesOf(
  parts: GitHubParts,
  target: Target,
  route: string,
  query: Record<string, unknown>,
  signal: AbortSignal,
): AsyncGenerator<unknown> {
  for (let page = 1; page <= MOST_PAGES; page += 1) {
    const data = await call(parts, target, route, { ...query, per_page: PAGE_SIZE, page }, signal)
    yield data
    if (sizeOf(data) < PAGE_SIZE) return
  }
  throw new HarnessError(
    'GITHUB_TOO_MANY_PAGES',
    `${route} of ${target.repository} has over ${MOST_PAGES} pages`,
  )
}

function sizeOf(data: unknown): number {
  return Array.isArray(data) ? data.length : listOf(fieldsOf(data, 'page'), 'check_runs', Boolean).length
}

function idOfOurs(value: unknown, { externalId }: CheckKey, appId: number | null): readonly number[] {
  const run = fieldsOf(value, 'check run')
  return run['external_id'] === externalId && isOfApp(run['app'], appId) ? [numberOf(run, 'id')] : []
}

/** A person may quote our reply with its marker. */
function ours(value: unknown, marker: string, appId: number | null): readonly FoundReply[] {
  const comment = fieldsOf(value, 'comment')
  const author = optional(comment, 'user', (fields: Fields, key) => fieldsOf(fields[key], key))
  if (author === null || textOf(author, 'type') !== 'Bot') return []
  if (!isOfApp(comment['performed_via_github_app'], appId)) return []
  const text = textOf(comment, 'body')
  return text.includes(marker) ? [{ id: numberOf(comment, 'id'), text }] : []
}

function isOfApp(app: unknown, appId: number | null): boolean {
  if (appId === null || app === null || app === undefined) return true
  return numberOf(fieldsOf(app, 'app'), 'id') === appId
}
