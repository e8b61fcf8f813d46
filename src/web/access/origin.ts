import type { Context } from 'hono'

/**
 * Does a form come from a page of ours, by what browsers say of it and pages cannot change. Sec-Fetch-Site is said only over TLS and on the machine
 * itself, and an origin may be hidden (`null`): one of the two has to say so, neither may say otherwise, and a browser that says nothing is refused.
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
