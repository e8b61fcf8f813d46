import type { Reason } from './reasons.ts'
import { REFUSALS, type RefusalReason } from './refusal.ts'

interface ProblemRow {
  readonly status: number
  readonly means: string
  readonly wayOut: string
}

/** Why a request over HTTP is not answered with what was asked for, beside the refusals of commands: stable codes. */
export const PROBLEMS = {
  bad_input: {
    status: 400,
    means: 'A field of the request is not what is taken there.',
    wayOut: 'The answer names each field and what it takes; /api/v1/openapi.json has all of them.',
  },
  not_signed_in: {
    status: 401,
    means: 'This needs a token, or somebody who has signed in.',
    wayOut:
      'The operator makes a token with "berth token new NAME"; it is sent as "authorization: Bearer TOKEN".',
  },
  bad_token: {
    status: 401,
    means: 'This is no token of this service, or none any more.',
    wayOut: 'The operator sees those that are live with "berth token list", and makes another.',
  },
  scope_missing: {
    status: 403,
    means: 'This token is for looking only.',
    wayOut: 'The operator makes one that acts with "berth token new NAME --scope act".',
  },
  cross_site: {
    status: 403,
    means: 'This did not come from a page of this service.',
    wayOut: 'Press the button on the page itself; a page that was open for long is to be loaded again.',
  },
  no_such_page: {
    status: 404,
    means: 'There is no such page.',
    wayOut: 'The addresses for programs are in /api/v1/openapi.json, those for people begin at the overview.',
  },
  no_such_recipe: {
    status: 404,
    means: 'There is no such recipe.',
    wayOut: 'The recipes that there are can be had from /api/v1/recipes.',
  },
  no_such_name: {
    status: 404,
    means: 'Nobody has that name, wants it or has left anything at it.',
    wayOut: 'The names that somebody has or wants can be had from /api/v1/locks. A free one is not listed.',
  },
  no_such_action: {
    status: 404,
    means: 'There is no such action.',
    wayOut: 'The newest can be had from /api/v1/actions.',
  },
  method_not_allowed: {
    status: 405,
    means: 'This address does not take that method.',
    wayOut: 'The header "allow" of the answer names those that it takes.',
  },
  too_large: {
    status: 413,
    means: 'The body of the request is larger than anything that is taken here.',
    wayOut: 'No request needs more than 16 KiB.',
  },
  wrong_type: {
    status: 415,
    means: 'The body of the request is not of the type that is taken here.',
    wayOut: 'Send JSON, with "content-type: application/json".',
  },
  too_many_requests: {
    status: 429,
    means: 'Too many requests of this kind within a minute.',
    wayOut: 'Wait for as many seconds as the header "retry-after" says.',
  },
  fault: {
    status: 500,
    means: 'The service has failed at it.',
    wayOut: 'Try again. Runs go on without the pages; the operator finds "web.failed" in the log.',
  },
} as const satisfies Readonly<Record<string, ProblemRow>>

/** All codes of requests with what they mean and the way out, for the page that explains them. */
export function problemReasons(): readonly Reason[] {
  return Object.entries(PROBLEMS).map(([code, { means, wayOut }]) => ({ code, means, wayOut }))
}

export type ProblemCode = keyof typeof PROBLEMS | RefusalReason

export function statusOf(code: ProblemCode): number {
  return isOwn(code) ? PROBLEMS[code].status : REFUSED[code]
}

export function meaningOf(code: ProblemCode): string {
  return isOwn(code) ? PROBLEMS[code].means : REFUSALS[code]
}

/** What a decision's outcome is a refusal by; null = it is none. */
export function refusalOf(outcome: string): RefusalReason | null {
  return isReason(outcome) ? outcome : null
}

function isReason(word: string): word is RefusalReason {
  return Object.hasOwn(REFUSALS, word)
}

function isOwn(code: ProblemCode): code is keyof typeof PROBLEMS {
  return Object.hasOwn(PROBLEMS, code)
}

/** HTTP's word for each refusal (RFC 9110): 409 = ask again once something else has changed. */
const REFUSED: Readonly<Record<RefusalReason, number>> = {
  bad_command: 400,
  bad_argument: 400,
  not_enrolled: 403,
  not_permitted: 403,
  rate_limited: 429,
  command_loop: 429,
  crash_loop: 409,
  pr_closed: 409,
  unknown_recipe: 404,
  ambiguous_recipe: 400,
  recipe_unavailable: 409,
  fork_refused: 403,
  fork_needs_isolation: 403,
  fork_needs_approval: 403,
  head_moved: 409,
  unknown_domain: 404,
  ambiguous_domain: 400,
  no_such_run: 404,
  ambiguous_run: 400,
  github_refused: 502,
  too_late: 409,
  undecidable: 503,
}
