import { randomBytes } from 'node:crypto'
import { Hono } from 'hono'
import { z } from 'zod'
import { personAnswer } from '../answers/accounts.ts'
import { appAnswer, installationAnswer, tokenAnswer } from '../answers/app.ts'
import type { PublicHub } from '../hub.ts'
import { findRepository, personOf } from '../memory.ts'
import { ACCESS, type Permissions, type Token } from '../records.ts'
import { appOnly, covers, suspended } from './auth.ts'
import { bodyOf } from './body.ts'
import { type ApiEnv, repositoryOfPath } from './env.ts'
import { ApiError, notFound } from './errors.ts'
import { pageOf } from './paging.ts'

const TOKEN_LIFE_MS = 60 * 60_000

const TOKEN_REQUEST = z.object({
  repositories: z.array(z.string()).optional(),
  repository_ids: z.array(z.int()).optional(),
  permissions: z.record(z.string(), z.enum(ACCESS)).optional(),
})

/** What the App may ask about itself. https://docs.github.com/rest/apps/apps */
export function appRoutes(hub: PublicHub): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const { url, memory } = hub
  const { app } = memory

  routes.get('/app', appOnly(), (c) => c.json(appAnswer(url, app)))

  /** An installation that was removed is none; a suspended one is there, and may do nothing. */
  function installed(id = app.installationId): void {
    if (id !== app.installationId || memory.installation.state === 'gone') throw notFound()
  }

  routes.get('/app/installations', appOnly(), (c) =>
    c.json(pageOf(c, memory.installation.state === 'gone' ? [] : [installationAnswer(url, memory)])),
  )

  routes.get('/app/installations/:id{[0-9]+}', appOnly(), (c) => {
    installed(Number(c.req.param('id')))
    return c.json(installationAnswer(url, memory))
  })

  routes.get('/user', (c) => {
    const caller = c.get('caller')
    if (caller.kind === 'nobody') throw new ApiError(401, 'Requires authentication')
    if (caller.kind !== 'person') throw new ApiError(403, 'Resource not accessible by integration')
    return c.json(personAnswer(url, personOf(memory, caller.login), app.createdAtMs))
  })

  routes.get('/repos/:owner/:repo/installation', appOnly(), (c) => {
    repositoryOfPath(c, hub)
    installed()
    return c.json(installationAnswer(url, memory))
  })

  routes.post('/app/installations/:id{[0-9]+}/access_tokens', appOnly(), async (c) => {
    installed(Number(c.req.param('id')))
    if (memory.installation.state === 'suspended') throw suspended()
    const token = newToken(hub, await bodyOf(c, TOKEN_REQUEST))
    memory.tokens.set(token.value, token)
    return c.json(tokenAnswer(url, memory, token), 201)
  })

  return routes
}

function newToken(hub: PublicHub, request: z.infer<typeof TOKEN_REQUEST>): Token {
  return {
    value: `ghs_${randomBytes(27).toString('base64url').replaceAll(/[-_]/g, '0')}`,
    permissions: permissionsOf(hub, request.permissions),
    repositoryIds: repositoriesOf(hub, request.repositories, request.repository_ids),
    expiresAtMs: hub.now() + TOKEN_LIFE_MS,
  }
}

/** A token may be given less than the installation has, never more; it always reads metadata. */
function permissionsOf({ memory: { app } }: PublicHub, asked: Permissions | undefined): Permissions {
  if (asked === undefined) return app.permissions
  if (!covers(app.permissions, asked))
    throw new ApiError(422, 'The permissions requested are not granted to this installation.')
  return { metadata: 'read', ...asked }
}

function repositoriesOf(
  { memory }: PublicHub,
  names: readonly string[] | undefined,
  ids: readonly number[] | undefined,
): readonly number[] | null {
  if (names === undefined && ids === undefined) return null
  const owner = memory.app.owner
  const found = [
    ...(names ?? []).map((name) => findRepository(memory, owner.login, name)),
    ...(ids ?? []).map((id) => memory.repositories.get(id) ?? null),
  ]
  return found.map((repository) => {
    if (repository?.owner.id === owner.id) return repository.id
    throw new ApiError(
      422,
      'There is at least one repository that does not exist or is not accessible to the parent installation.',
    )
  })
}
