import type { Context } from 'hono'

/**
 * Does a form come from a page of ours, by what browsers say of it and pages cannot change. Pages here send no referrer, so that the origin of their own
 * forms is `null` (Fetch standard, "append a request Origin header"): then Sec-Fetch-Site tells, and a browser that says neither is refused.
 */
export function isFromOwnPage(c: Context, publicUrl: string): boolean {
  const [site, origin] = [c.req.header('sec-fetch-site'), c.req.header('origin')]
  const isKnown = origin !== undefined && origin !== 'null'
  if (isKnown && !isOwn(c, origin, publicUrl)) return false
  return site === undefined ? isKnown : site === 'same-origin'
}

function isOwn(c: Context, origin: string, publicUrl: string): boolean {
  return origin === new URL(publicUrl).origin || URL.parse(origin)?.host === c.req.header('host')
}
