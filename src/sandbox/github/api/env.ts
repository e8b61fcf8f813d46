import type { HttpBindings } from '@hono/node-server'
import type { Context } from 'hono'
import type { Hub } from '../hub.ts'
import { findPull, findRepository } from '../memory.ts'
import type { Pull, Repository, Token } from '../records.ts'
import { notFound } from './errors.ts'

export type Caller =
  | { readonly kind: 'nobody' }
  | { readonly kind: 'app' }
  | { readonly kind: 'installation'; readonly token: Token }
  | { readonly kind: 'person'; readonly login: string }

export interface ApiEnv {
  Bindings: HttpBindings
  Variables: { caller: Caller }
}

/** The repository of the path, if the caller's token reaches it: GitHub does not tell "no such thing" from "not yours". */
export function repositoryOfPath(c: Context<ApiEnv>, hub: Hub): Repository {
  const { memory } = hub
  const repository = findRepository(memory, c.req.param('owner') ?? '', c.req.param('repo') ?? '')
  if (repository === null || repository.owner.id !== memory.app.owner.id) throw notFound()
  const caller = c.get('caller')
  if (
    caller.kind === 'installation' &&
    caller.token.repositoryIds !== null &&
    !caller.token.repositoryIds.includes(repository.id)
  )
    throw notFound()
  return repository
}

export function pullOfPath(c: Context<ApiEnv>, hub: Hub): Pull {
  const repository = repositoryOfPath(c, hub)
  const pull = findPull(hub.memory, repository.id, Number(c.req.param('number')))
  if (pull === null) throw notFound()
  return pull
}
