import type { IncomingMessage } from 'node:http'

/** GitHub sends payloads of at most 25 MB (docs.github.com, webhook events and payloads). */
export const MOST_BODY_BYTES = 25 * 1024 * 1024

/** Is the body too long by what its sender says of it. */
export function declaresTooMuch(request: IncomingMessage): boolean {
  return Number(request.headers['content-length'] ?? '0') > MOST_BODY_BYTES
}

/** So much of each body is always read: GitHub's own have seldom more. */
const FREE_BYTES = 1024 * 1024

/** What all bodies that are being read may have beyond that, together: whoever sends has not shown yet that it is GitHub. */
const MOST_BYTES_AT_ONCE = 2 * MOST_BODY_BYTES

export type Body = Buffer | 'too_much' | 'no_room'

/**
 * Reads bodies, byte for byte. One that is longer than GitHub's limit, or finds no room beside the others, is not kept.
 * The reader throws what the connection breaks with before the body is whole.
 */
export function bodyReader(): (request: IncomingMessage) => Promise<Body> {
  let taken = 0
  return async (request) => {
    const parts: Buffer[] = []
    let [length, own, isFull] = [0, 0, false]
    try {
      const whole = await eachPart(request, (part) => {
        parts.push(part)
        length += part.length
        const more = Math.max(0, length - FREE_BYTES) - own
        isFull = taken + more > MOST_BYTES_AT_ONCE
        if (isFull) return false
        own += more
        taken += more
        return true
      })
      if (whole) return Buffer.concat(parts)
      return isFull ? 'no_room' : 'too_much'
    } finally {
      taken -= own
    }
  }
}

/**
 * Takes what still comes off the wire and keeps none of it: a connection that is closed over unread bytes is reset, and the answer
 * is lost with it (RFC 9112, 9.6). Who goes on beyond the limit is not waited for.
 */
export async function discardRest(request: IncomingMessage): Promise<void> {
  await eachPart(request, () => true).catch(() => {})
}

/** False = there was more than the limit, or `take` wants no more. The request is not destroyed by that: it can still be answered. */
async function eachPart(request: IncomingMessage, take: (part: Buffer) => boolean): Promise<boolean> {
  let length = 0
  for await (const part of request.iterator({ destroyOnReturn: false })) {
    length += part.length
    if (length > MOST_BODY_BYTES || !take(part)) return false
  }
  return true
}
