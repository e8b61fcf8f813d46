import { type Context, Hono } from 'hono'
import { annotationAnswer, checkRunAnswer } from '../answers/checkRun.ts'
import { createCheckRun, updateCheckRun } from '../checks.ts'
import type { PublicHub } from '../hub.ts'
import { checkRunsOf, findPull, pullsOf } from '../memory.ts'
import type { CheckRun, Repository } from '../records.ts'
import { installationOnly } from './auth.ts'
import { bodyOf } from './body.ts'
import { CREATE_CHECK_RUN, checkChangeOf, UPDATE_CHECK_RUN } from './checkRules.ts'
import { type ApiEnv, repositoryOfPath } from './env.ts'
import { ApiError, notFound } from './errors.ts'
import { pageOf } from './paging.ts'

const read = installationOnly({ checks: 'read' })
const write = installationOnly({ checks: 'write' })

/** https://docs.github.com/rest/checks/runs */
export function checkRunRoutes(hub: PublicHub): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const answer = (run: CheckRun) => checkRunAnswer(hub.url, hub.memory, run)

  routes.post('/repos/:owner/:repo/check-runs', write, async (c) => {
    const repository = repositoryOfPath(c, hub)
    const { head_sha, name, ...body } = await bodyOf(c, CREATE_CHECK_RUN)
    const change = checkChangeOf(body)
    if (!hub.memory.commits.get(repository.id)?.has(head_sha)) throw noCommit(head_sha)
    const run = createCheckRun(hub, { ...change, repositoryId: repository.id, sha: head_sha, name })
    return c.json(answer(run), 201, { location: answer(run).url })
  })

  routes.get('/repos/:owner/:repo/check-runs/:id{[0-9]+}', read, (c) =>
    c.json(answer(checkRunOfPath(c, hub))),
  )

  routes.get('/repos/:owner/:repo/check-runs/:id{[0-9]+}/annotations', read, (c) => {
    const { annotations, sha } = checkRunOfPath(c, hub)
    return c.json(pageOf(c, annotations).map((one) => annotationAnswer(hub.url, sha, one)))
  })

  routes.patch('/repos/:owner/:repo/check-runs/:id{[0-9]+}', write, async (c) => {
    checkRunOfPath(c, hub)
    const change = checkChangeOf(await bodyOf(c, UPDATE_CHECK_RUN))
    return c.json(answer(updateCheckRun(hub, checkRunOfPath(c, hub), change)))
  })

  routes.get('/repos/:owner/:repo/commits/:ref{.+}/check-runs', read, (c) => {
    const repository = repositoryOfPath(c, hub)
    const runs = filtered(
      c,
      checkRunsOf(hub.memory, repository.id, shaOf(hub, repository, c.req.param('ref'))).filter(() =>
        isOfApp(c, hub),
      ),
    )
    return c.json({ total_count: runs.length, check_runs: pageOf(c, runs).map(answer) })
  })

  return routes
}

function checkRunOfPath(c: Context<ApiEnv>, hub: PublicHub): CheckRun {
  const repository = repositoryOfPath(c, hub)
  const run = hub.memory.checkRuns.get(Number(c.req.param('id')))
  if (run?.repositoryId !== repository.id) throw notFound()
  return run
}

/** There is one App here: all check runs are its own. */
function isOfApp(c: Context<ApiEnv>, hub: PublicHub): boolean {
  const id = c.req.query('app_id')
  return id === undefined || Number(id) === hub.memory.app.id
}

/** `latest`, the default, shows only the newest check run of each name: older ones of the same name hide behind it. */
function filtered(c: Context<ApiEnv>, newestFirst: readonly CheckRun[]): readonly CheckRun[] {
  const { check_name: name, status, filter = 'latest' } = c.req.query()
  const shown = filter === 'all' ? newestFirst : newestFirst.filter(isNewestOfItsName)
  return shown.filter(
    (run) => (name === undefined || run.name === name) && (status === undefined || run.status === status),
  )
}

function isNewestOfItsName(run: CheckRun, index: number, newestFirst: readonly CheckRun[]): boolean {
  return newestFirst.findIndex((other) => other.name === run.name) === index
}

/** A commit's SHA, or the branch or pull request that the ref names. */
function shaOf(hub: PublicHub, repository: Repository, ref: string): string {
  if (hub.memory.commits.get(repository.id)?.has(ref)) return ref
  const pullNumber = /^(?:refs\/)?pull\/(\d+)\/head$/.exec(ref)?.[1]
  const branch = ref.replace(/^(?:refs\/)?heads\//, '')
  const pull =
    pullNumber === undefined
      ? pullsOf(hub.memory, repository.id).find(
          (one) => one.head.branch === branch && one.head.repositoryId === repository.id,
        )
      : findPull(hub.memory, repository.id, Number(pullNumber))
  if (!pull) throw noCommit(ref)
  return pull.head.sha
}

function noCommit(ref: string): ApiError {
  return new ApiError(422, `No commit found for SHA: ${ref}`)
}
