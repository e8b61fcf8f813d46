import type { Schemas } from '../answers/schemas.ts'

const DOCUMENTATION = 'https://docs.github.com/rest'

/** An answer other than success, in GitHub's words and shape. */
export class ApiError extends Error {
  readonly status: 400 | 401 | 403 | 404 | 422 | 429
  readonly body: Schemas['basic-error']
  readonly headers: Readonly<Record<string, string>>

  constructor(
    status: ApiError['status'],
    message: string,
    extra: { readonly errors?: readonly FieldError[]; readonly headers?: Record<string, string> } = {},
  ) {
    super(message)
    this.name = 'ApiError'
    this.status = status
    this.body = {
      message,
      ...(extra.errors === undefined ? {} : { errors: extra.errors }),
      documentation_url: DOCUMENTATION,
      status: String(status),
    }
    this.headers = extra.headers ?? {}
  }
}

/** One fault of a request that has the right shape and breaks a rule of the resource. */
export interface FieldError {
  readonly resource: string
  readonly field: string
  readonly code: 'custom' | 'invalid' | 'missing' | 'missing_field' | 'unprocessable'
  readonly message?: string
}

export function notFound(): ApiError {
  return new ApiError(404, 'Not Found')
}

/** The App, or this token, lacks the permission. */
export function notPermitted(permissions: readonly string[]): ApiError {
  return new ApiError(403, 'Resource not accessible by integration', {
    headers: { 'x-accepted-github-permissions': permissions.join('; ') },
  })
}

/** The request's shape is wrong: GitHub lists each fault on a line of its own. */
export function invalidRequest(faults: readonly string[]): ApiError {
  return new ApiError(422, `Invalid request.\n\n${faults.join('\n')}`)
}

export function validationFailed(errors: readonly FieldError[]): ApiError {
  return new ApiError(422, 'Validation Failed', { errors })
}
