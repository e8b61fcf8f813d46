/** Exit codes of the command line (design section 6). The one place that knows the numbers. */
export const EXIT = {
  ok: 0,
  red: 1,
  badInput: 2,
  noSuchRun: 3,
  teardownUnverified: 4,
  cleaned: 10,
  domainDirty: 69,
  taken: 69,
  harness: 70,
  busy: 75,
  deadline: 124,
  interrupted: 130,
  cancelled: 143,
} as const

/** A fault with a stable code; the text names the thing, its state and the way out. */
export class HarnessError extends Error {
  readonly code: string
  readonly exitCode: number

  constructor(code: string, message: string, options?: ErrorOptions & { readonly exitCode?: number }) {
    super(message, options)
    this.name = 'HarnessError'
    this.code = code
    this.exitCode = options?.exitCode ?? EXIT.harness
  }
}

/** What a person typed, or a file a person wrote, is wrong: every fault at once, each with its place. */
export class InputError extends HarnessError {
  readonly faults: readonly string[]

  constructor(what: string, faults: readonly string[], options?: ErrorOptions) {
    const text =
      faults.length === 1
        ? `${what}: ${faults[0]}`
        : [`${what}:`, ...faults.map((fault) => `  ${fault}`)].join('\n')
    super('BAD_INPUT', text, { ...options, exitCode: EXIT.badInput })
    this.name = 'InputError'
    this.faults = faults
  }
}

/** The text of anything thrown, causes included: a cause is never lost on the way to a person. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const text = isQuota(error) ? error.message.replace(UNKNOWN, QUOTA) : error.message
  return error.cause === undefined ? text : `${text} (${messageOf(error.cause)})`
}

/** libuv has no name for it (EDQUOT, 122 on Linux). */
const QUOTA_ERRNO = -122
const UNKNOWN = 'UNKNOWN: unknown error'
const QUOTA = 'EDQUOT: disk quota exceeded'

function isQuota(error: Error): boolean {
  return 'errno' in error && error.errno === QUOTA_ERRNO
}

/** The `code` of a system error such as `ENOENT`, or null. */
export function codeOf(error: unknown): string | null {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : null
}
