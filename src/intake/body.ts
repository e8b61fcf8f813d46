import type { IncomingMessage } from 'node:http'

/** GitHub sends payloads of at most 25 MB (docs.github.com, webhook events and payloads). */
export const MOST_BODY_BYTES = 25 * 1024 * 1024

/** Is the body too long by what its sender says of it. */
export function declaresTooMuch(request: IncomingMessage): boolean {
  return Number(request.headers['content-length'] ?? '0') > MOST_BODY_BYTES
}

/**
 * The body, byte for byte; null = it is longer than GitHub's limit, and none of it is kept.
 * @throws what the connection breaks with before the body is whole
 */
export async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const parts: Buffer[] = []
  const whole = await eachPart(request, (part) => parts.push(part))
  return whole ? Buffer.concat(parts) : null
}

/**
 * Takes what still comes off the wire and keeps none of it: a connection that is closed over unread bytes is reset, and the answer
 * is lost with it (RFC 9112, 9.6). Who goes on beyond the limit is not waited for.
 */
export async function discardRest(request: IncomingMessage): Promise<void> {
  await eachPart(request, () => {}).catch(() => {})
}

/** False = there was more than the limit. The request is not destroyed by that: it can still be answered. */
async function eachPart(request: IncomingMessage, take: (part: Buffer) => void): Promise<boolean> {
  let length = 0
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    length += part.length
    if (length > MOST_BODY_BYTES) return false
    take(part)
  }
  return true
}
