import { getConnInfo } from '@hono/node-server/conninfo'
import type { Context } from 'hono'

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/

/**
 * Where a request comes from. Only a proxy on this machine is believed what it says of others, and of that the last entry, which is its own: what stands
 * before it anybody can write.
 */
export function addressOf(c: Context): string {
  const own = connectionOf(c)
  const told = c.req.header('x-forwarded-for')?.split(',').at(-1)?.trim() ?? ''
  return LOOPBACK.test(own) && /^[0-9a-f.:]{2,45}$/i.test(told) ? told : own
}

function connectionOf(c: Context): string {
  try {
    return getConnInfo(c).remote.address ?? 'unknown'
  } catch {
    return 'unknown'
  }
}
