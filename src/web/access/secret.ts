import { createHash, randomBytes } from 'node:crypto'

/** 256 bits by chance: nobody guesses one, so that a plain hash keeps it (no salt, no slow function). */
export function newSecret(): string {
  return randomBytes(32).toString('base64url')
}

/** What the records keep of it. */
export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
