import { HarnessError } from '../errors.ts'
import { faultOf } from '../report/faults.ts'

/** GitHub did not tell a fact. */
export class GitHubFault extends HarnessError {
  /** The same question may be answered later. */
  readonly retryable: boolean
  /** GitHub wants to be left alone until then; wall clock, milliseconds; 0 = it does not say. */
  readonly notBeforeMs: number
  /** Until then it answers no question of this installation. */
  readonly isLimit: boolean

  constructor(message: string, retry: { readonly notBeforeMs: number; readonly isLimit?: boolean } | null) {
    super('GITHUB', message)
    this.name = 'GitHubFault'
    this.retryable = retry !== null
    this.notBeforeMs = retry?.notBeforeMs ?? 0
    this.isLimit = retry?.isLimit ?? false
  }
}

/**
 * What a question to GitHub ended with, judged by the rules that hold for writing. Its text is masked; the cause is not kept, since
 * it may hold credentials.
 */
export function gitHubFault(what: string, error: unknown, nowMs: number): GitHubFault {
  const fault = faultOf(error, nowMs, 1)
  const message = `${what}: ${fault.text}`
  switch (fault.kind) {
    case 'permanent':
      return new GitHubFault(message, null)
    case 'limited':
      return new GitHubFault(message, { notBeforeMs: fault.untilMs, isLimit: true })
    case 'retry':
      return new GitHubFault(message, { notBeforeMs: fault.notBeforeMs })
  }
}

export function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'status' in error && error.status === 404
}
