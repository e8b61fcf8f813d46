import { type Context, Hono } from 'hono'
import { permissionAnswer } from '../answers/accounts.ts'
import { pullAnswer, pullSummaryAnswer } from '../answers/pull.ts'
import { fullRepositoryAnswer, repositoryAnswer } from '../answers/repository.ts'
import type { PublicHub } from '../hub.ts'
import { pullsOf } from '../memory.ts'
import type { Pull } from '../records.ts'
import { installationOnly } from './auth.ts'
import { type ApiEnv, pullOfPath, repositoryOfPath } from './env.ts'
import { ApiError, validationFailed } from './errors.ts'
import { pageOf } from './paging.ts'

const pullsRead = installationOnly({ pull_requests: 'read' })

/** Repositories, who may do what in them, and their pull requests. */
export function repositoryRoutes(hub: PublicHub): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const { url, memory } = hub

  routes.get('/repos/:owner/:repo', installationOnly(), (c) =>
    c.json(fullRepositoryAnswer(url, memory, repositoryOfPath(c, hub))),
  )

  routes.get('/repos/:owner/:repo/collaborators/:login/permission', installationOnly(), (c) => {
    const repository = repositoryOfPath(c, hub)
    const account = memory.accounts.get(c.req.param('login'))
    if (account?.kind !== 'User') throw new ApiError(404, `${c.req.param('login')} is not a user`)
    return c.json(permissionAnswer(url, memory, repository, account))
  })

  routes.get('/repos/:owner/:repo/pulls', pullsRead, (c) => {
    const pulls = chosen(c, pullsOf(memory, repositoryOfPath(c, hub).id))
    return c.json(pageOf(c, pulls).map((pull) => pullSummaryAnswer(url, memory, pull)))
  })

  routes.get('/repos/:owner/:repo/pulls/:number{[0-9]+}', pullsRead, (c) =>
    c.json(pullAnswer(url, memory, pullOfPath(c, hub))),
  )

  routes.get('/installation/repositories', installationOnly(), (c) => {
    const caller = c.get('caller')
    const ids = caller.kind === 'installation' ? caller.token.repositoryIds : null
    const repositories = [...memory.repositories.values()].filter(
      (one) => one.owner.id === memory.app.owner.id && (ids === null || ids.includes(one.id)),
    )
    return c.json({
      total_count: repositories.length,
      repository_selection: ids === null ? 'all' : 'selected',
      repositories: pageOf(c, repositories).map((one) => repositoryAnswer(url, memory, one)),
    })
  })

  return routes
}

function chosen(c: Context<ApiEnv>, oldestFirst: readonly Pull[]): readonly Pull[] {
  const { state = 'open', sort = 'created', direction } = c.req.query()
  if (!['open', 'closed', 'all'].includes(state))
    throw validationFailed([{ resource: 'PullRequest', field: 'state', code: 'invalid' }])
  const pulls = oldestFirst.filter((pull) => state === 'all' || pull.state === state)
  const at = (pull: Pull) => (sort === 'updated' ? pull.updatedAtMs : pull.createdAtMs)
  const ascending = pulls.toSorted((a, b) => at(a) - at(b) || a.number - b.number)
  return (direction ?? (sort === 'created' ? 'desc' : 'asc')) === 'desc' ? ascending.toReversed() : ascending
}
