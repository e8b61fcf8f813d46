import type { Context, Hono, MiddlewareHandler } from 'hono'
import { API_PREFIX } from '../answers/schemas.ts'
import type { PublicHub } from '../hub.ts'
import { findRepository, fullName } from '../memory.ts'
import type { Pull } from '../records.ts'
import type { ApiEnv } from './env.ts'
import { ApiError, notFound } from './errors.ts'

const IN_REPOSITORY = new RegExp(`^${API_PREFIX}/repos/([^/]+)/([^/]+)(/.*)?$`)

/**
 * What has become of the place that a call is about. GitHub leads from a repository's old name to its id: 301 where something is read, 307
 * elsewhere, so that the method stays (docs.github.com, best practices for using the REST API, follow redirects).
 */
export function placesKept(hub: PublicHub): MiddlewareHandler<ApiEnv> {
  const { memory, url } = hub
  return async (c, next) => {
    const [, owner = '', name = '', rest = ''] = IN_REPOSITORY.exec(c.req.path) ?? []
    const repository = findRepository(memory, owner, name)
    const isReading = c.req.method === 'GET' || c.req.method === 'HEAD'
    const former = memory.formerNames.get(`${owner}/${name}`.toLowerCase())
    if (repository === null && former !== undefined) {
      const { search } = new URL(c.req.url)
      const to = `${url}${API_PREFIX}/repositories/${former}${rest}${search}`
      return c.json({ message: 'Moved Permanently', url: to }, isReading ? 301 : 307, { location: to })
    }
    if (repository?.archived === true && !isReading)
      throw new ApiError(403, 'Repository was archived so is read-only.')
    return next()
  }
}

/** A repository by its id is the one of that name. */
export function repositoriesById(api: Hono<ApiEnv>, { memory }: PublicHub) {
  return (c: Context<ApiEnv>): Response | Promise<Response> => {
    const repository = memory.repositories.get(Number(c.req.param('id')))
    if (repository === undefined) throw notFound()
    const url = new URL(c.req.url)
    url.pathname = url.pathname.replace(/\/repositories\/\d+/, `/repos/${fullName(repository)}`)
    return api.fetch(new Request(url, c.req.raw), c.env)
  }
}

/** @param what as GitHub words it: `comment` or `reaction` */
export function refuseLocked({ locked }: Pick<Pull, 'locked'>, what: string): void {
  if (locked) throw new ApiError(403, `Unable to create ${what} because issue is locked.`)
}
