import type { MiddlewareHandler } from 'hono'
import type { Hub } from '../hub.ts'
import type { Access, Permissions, Token } from '../records.ts'
import type { ApiEnv, Caller } from './env.ts'
import { ApiError, notPermitted } from './errors.ts'
import { checkJwt, looksLikeJwt } from './jwt.ts'

/** Finds out who calls; credentials that are wrong are refused even where none are needed. */
export function authenticate(hub: Hub): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    c.set('caller', callerOf(hub, c.req.header('authorization')))
    await next()
  }
}

/** Only the App itself, with a signed JSON Web Token. */
export function appOnly(): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    if (c.get('caller').kind !== 'app') throw new ApiError(401, 'A JSON web token could not be decoded')
    await next()
  }
}

/** Only an installation token, with one of these permissions at least. */
export function installationOnly(...oneOf: readonly Permissions[]): MiddlewareHandler<ApiEnv> {
  return async (c, next) => {
    const caller = c.get('caller')
    if (caller.kind === 'nobody') throw new ApiError(401, 'Requires authentication')
    if (caller.kind !== 'installation') throw new ApiError(401, 'Bad credentials')
    if (oneOf.length > 0 && !oneOf.some((wanted) => covers(caller.token.permissions, wanted)))
      throw notPermitted(oneOf.map(written))
    await next()
  }
}

/** https://docs.github.com/apps/maintaining-github-apps/suspending-a-github-app-installation */
export function suspended(): ApiError {
  return new ApiError(403, 'This installation has been suspended')
}

/** The token that this text is, while it lasts; null otherwise. */
export function liveToken(hub: Hub, value: string): Token | null {
  const token = hub.memory.tokens.get(value)
  return token !== undefined && token.expiresAtMs > hub.now() ? token : null
}

export function covers(has: Permissions, wanted: Permissions): boolean {
  return Object.entries(wanted).every(([name, access]) => reaches(has[name], access))
}

function reaches(has: Access | undefined, wanted: Access): boolean {
  return has === 'write' || has === wanted
}

function written(permissions: Permissions): string {
  return Object.entries(permissions)
    .map(([name, access]) => `${name}=${access}`)
    .join(',')
}

function callerOf(hub: Hub, header: string | undefined): Caller {
  if (header === undefined) return { kind: 'nobody' }
  const value = /^(?:bearer|token) +(\S+)$/i.exec(header)?.[1]
  if (value === undefined) throw new ApiError(401, 'Bad credentials')
  if (looksLikeJwt(value)) {
    checkJwt(value, hub.memory.app, hub.now())
    return { kind: 'app' }
  }
  const person = hub.memory.userTokens.get(value)
  if (person !== undefined && person.expiresAtMs > hub.now()) return { kind: 'person', login: person.login }
  const token = liveToken(hub, value)
  if (token === null || hub.memory.installation.state === 'gone') throw new ApiError(401, 'Bad credentials')
  if (hub.memory.installation.state === 'suspended') throw suspended()
  return { kind: 'installation', token }
}
