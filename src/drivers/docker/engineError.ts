import { codeOf, HarnessError, messageOf } from '../../errors.ts'

/** `refused`: the engine has answered, and says no. The others: nobody knows whether it has done what it was asked. */
export type EngineFault = 'unreachable' | 'timeout' | 'refused'

/** A call to the engine that came to nothing. */
export class EngineError extends HarnessError {
  readonly fault: EngineFault
  /** The HTTP status of a refusal. */
  readonly status: number | null

  constructor(fault: EngineFault, status: number | null, message: string, options?: ErrorOptions) {
    super(CODES[fault], message, options)
    this.name = 'EngineError'
    this.fault = fault
    this.status = status
  }
}

const CODES = {
  unreachable: 'ENGINE_UNREACHABLE',
  timeout: 'ENGINE_TIMEOUT',
  refused: 'ENGINE_REFUSED',
} as const satisfies Record<EngineFault, string>

/** Whether the engine says that there is no such thing. */
export function isMissing(error: unknown): boolean {
  return error instanceof EngineError && error.status === 404
}

/** What a client's own error means: an answer with a status is the engine's word, anything else is the way to it. */
export function engineError(what: string, address: string, error: unknown): EngineError {
  if (error instanceof EngineError) return error
  const status = statusOf(error)
  if (status !== null) {
    return new EngineError('refused', status, `The Docker Engine refused to ${what}: ${reasonOf(error)}`, {
      cause: undefined,
    })
  }
  const text = `No Docker Engine answers at ${address}: ${wayOut(codeOf(error))}`
  return new EngineError('unreachable', null, text, { cause: error })
}

export function timeoutError(what: string, address: string, ms: number): EngineError {
  const text = `The Docker Engine at ${address} did not ${what} within ${ms / 1000} s: look at its own log`
  return new EngineError('timeout', null, text)
}

function wayOut(code: string | null): string {
  if (code === 'EACCES' || code === 'EPERM') {
    return `user ${process.getuid?.() ?? 'unknown'} may not open it; put the service's user (never the stages') into its group`
  }
  return 'start it (systemctl start docker), install it (apt-get install docker.io), or say where it is (berth.yml, docker.host)'
}

function statusOf(error: unknown): number | null {
  if (!(error instanceof Error) || !('statusCode' in error)) return null
  return typeof error.statusCode === 'number' ? error.statusCode : null
}

/** The engine's own words: the client puts `(HTTP code 409) unexpected - ` before them. */
function reasonOf(error: unknown): string {
  return messageOf(error)
    .replace(/^\(HTTP code \d+\) .*? - /s, '')
    .trim()
}
