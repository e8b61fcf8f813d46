import type { Context } from 'hono'
import type { ApiEnv } from './env.ts'

const DEFAULT_PER_PAGE = 30
const MOST_PER_PAGE = 100

/** The page of a list that the request asks for; `Link` (RFC 8288) names its neighbours. */
export function pageOf<T>(c: Context<ApiEnv>, all: readonly T[]): T[] {
  const perPage = Math.min(positive(c.req.query('per_page'), DEFAULT_PER_PAGE), MOST_PER_PAGE)
  const page = positive(c.req.query('page'), 1)
  const last = Math.max(1, Math.ceil(all.length / perPage))
  const link = linkOf(c.req.url, page, last)
  if (link !== '') c.header('link', link)
  return all.slice((page - 1) * perPage, page * perPage)
}

function linkOf(requestUrl: string, page: number, last: number): string {
  const neighbours = [
    page > 1 ? [page - 1, 'prev'] : null,
    page < last ? [page + 1, 'next'] : null,
    page < last ? [last, 'last'] : null,
    page > 1 ? [1, 'first'] : null,
  ] as const
  return neighbours
    .flatMap((neighbour) => {
      if (neighbour === null) return []
      const url = new URL(requestUrl)
      url.searchParams.set('page', String(neighbour[0]))
      return [`<${url.href}>; rel="${neighbour[1]}"`]
    })
    .join(', ')
}

/** GitHub takes nonsense for the default. */
function positive(text: string | undefined, otherwise: number): number {
  const number = Number(text)
  return Number.isInteger(number) && number > 0 ? number : otherwise
}
