import type { Hono } from 'hono'
import { notFound } from '../github/api/errors.ts'
import { checkRunsOf, findPull } from '../github/memory.ts'
import type { PageParts } from './parts.ts'

/** What programs want to know of the stand-in without a token: GitHub itself has no such pages. */
export function addFacts(
  routes: Hono,
  path: string,
  { hub: { memory }, repository, unknownCalls }: PageParts,
): void {
  routes.get('/unknown-calls', (c) => c.json(unknownCalls()))

  /** The check runs of a pull request's head commit, newest first. */
  routes.get(`${path}/pull/:number{[0-9]+}/checks.json`, (c) => {
    const pull = findPull(memory, repository.id, Number(c.req.param('number')))
    if (pull === null) throw notFound()
    const runs = checkRunsOf(memory, repository.id, pull.head.sha)
    return c.json(
      runs.map(({ id, externalId, name, status, conclusion, output }) => ({
        id,
        external_id: externalId,
        name,
        status,
        conclusion,
        title: output.title,
      })),
    )
  })
}
