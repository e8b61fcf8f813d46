import { verify } from 'node:crypto'
import { type Fields, fieldsOf } from '../../../model/read.ts'
import type { App } from '../records.ts'
import { ApiError } from './errors.ts'

/** GitHub takes at most ten minutes between now and a token's end. */
const LONGEST_SECONDS = 600
/** Clocks differ: an `iat` this far ahead is still taken. */
const CLOCK_DRIFT_SECONDS = 60

/**
 * Checks that the App itself signed this JSON Web Token (RFC 7519, RS256), for now. Throws GitHub's 401 otherwise.
 * https://docs.github.com/apps/creating-github-apps/authenticating-with-a-github-app/generating-a-json-web-token-jwt-for-a-github-app
 */
export function checkJwt(jwt: string, app: App, nowMs: number): void {
  const [header = '', payload = '', signature = ''] = jwt.split('.')
  const signed = Buffer.from(`${header}.${payload}`)
  if (decode(header)['alg'] !== 'RS256') throw undecodable()
  const claims = decode(payload)
  if (claims['iss'] !== app.id && claims['iss'] !== String(app.id)) throw undecodable()
  if (!verify('RSA-SHA256', signed, app.publicKey, Buffer.from(signature, 'base64url'))) throw undecodable()
  checkTimes(claims, Math.floor(nowMs / 1000))
}

/** Three parts with dots: an installation token has none. */
export function looksLikeJwt(text: string): boolean {
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(text)
}

function checkTimes(claims: Fields, now: number): void {
  const { iat, exp } = claims
  if (typeof exp !== 'number' || !Number.isInteger(exp))
    throw new ApiError(401, "Missing 'expiration' claim ('exp') in assertion")
  if (exp <= now) throw new ApiError(401, "'Expiration time' claim ('exp') must be in the future")
  if (exp > now + LONGEST_SECONDS + CLOCK_DRIFT_SECONDS)
    throw new ApiError(401, "'Expiration time' claim ('exp') is too far in the future")
  if (typeof iat !== 'number' || !Number.isInteger(iat) || iat > now + CLOCK_DRIFT_SECONDS)
    throw new ApiError(
      401,
      "'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued",
    )
}

function decode(part: string): Fields {
  try {
    return fieldsOf(JSON.parse(Buffer.from(part, 'base64url').toString('utf8')), 'JSON web token')
  } catch {
    throw undecodable()
  }
}

function undecodable(): ApiError {
  return new ApiError(401, 'A JSON web token could not be decoded')
}
