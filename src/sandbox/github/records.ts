/** Roles on a repository as GitHub names them, weakest first. */
export const ROLES = ['read', 'triage', 'write', 'maintain', 'admin'] as const
export type Role = (typeof ROLES)[number]

export interface Account {
  readonly id: number
  readonly login: string
  readonly kind: 'User' | 'Organization' | 'Bot'
}

export interface Repository {
  readonly id: number
  readonly owner: Account
  readonly name: string
  readonly description: string
  readonly fork: boolean
  readonly archived: boolean
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly pushedAtMs: number
}

/** What a pull request's commits change, measured with git. */
export interface Change {
  readonly commits: number
  readonly files: number
  readonly additions: number
  readonly deletions: number
  /** The unified diff from the merge base, for the page. */
  readonly diff: string
}

export interface Pull {
  readonly id: number
  readonly number: number
  /** The repository that it wants to change. */
  readonly repositoryId: number
  readonly title: string
  readonly body: string
  readonly author: Account
  readonly state: 'open' | 'closed'
  /** Its conversation is. */
  readonly locked: boolean
  readonly head: { readonly repositoryId: number; readonly branch: string; readonly sha: string }
  readonly baseSha: string
  readonly change: Change
  readonly createdAtMs: number
  readonly updatedAtMs: number
  readonly closedAtMs: number | null
}

export interface Comment {
  readonly id: number
  readonly repositoryId: number
  /** The pull request's number. */
  readonly issue: number
  readonly author: Account
  readonly body: string
  readonly createdAtMs: number
  readonly updatedAtMs: number
}

export const REACTIONS = ['+1', '-1', 'laugh', 'confused', 'heart', 'hooray', 'rocket', 'eyes'] as const
export type ReactionContent = (typeof REACTIONS)[number]

export interface Reaction {
  readonly id: number
  readonly commentId: number
  readonly author: Account
  readonly content: ReactionContent
  readonly createdAtMs: number
}

export const CHECK_STATUSES = ['queued', 'in_progress', 'completed'] as const
export type CheckStatus = (typeof CHECK_STATUSES)[number]

/** What an App may conclude with; `stale` is GitHub's own. */
export const CHECK_CONCLUSIONS = [
  'action_required',
  'cancelled',
  'failure',
  'neutral',
  'success',
  'skipped',
  'timed_out',
] as const
export type CheckConclusion = (typeof CHECK_CONCLUSIONS)[number]

/** With GitHub's names: it is shown as it came. */
export interface Annotation {
  readonly path: string
  readonly start_line: number
  readonly end_line: number
  readonly start_column?: number | undefined
  readonly end_column?: number | undefined
  readonly annotation_level: 'notice' | 'warning' | 'failure'
  readonly message: string
  readonly title?: string | undefined
  readonly raw_details?: string | undefined
}

export interface CheckAction {
  readonly label: string
  readonly description: string
  readonly identifier: string
}

export interface CheckOutput {
  readonly title: string | null
  readonly summary: string | null
  readonly text: string | null
}

export interface CheckRun {
  readonly id: number
  readonly suiteId: number
  readonly repositoryId: number
  readonly sha: string
  readonly name: string
  readonly externalId: string
  readonly detailsUrl: string
  readonly status: CheckStatus
  readonly conclusion: CheckConclusion | null
  readonly startedAtMs: number
  readonly completedAtMs: number | null
  readonly output: CheckOutput
  readonly annotations: readonly Annotation[]
  readonly actions: readonly CheckAction[]
}

export const ACCESS = ['read', 'write'] as const
export type Access = (typeof ACCESS)[number]
/** An App's permissions, such as `{ checks: 'write' }`. */
export type Permissions = Readonly<Record<string, Access>>

/** The one App that is registered here, and its one installation, on the organisation. */
export interface App {
  readonly id: number
  readonly slug: string
  readonly owner: Account
  readonly bot: Account
  /** PEM. */
  readonly publicKey: string
  readonly homepage: string
  readonly permissions: Permissions
  readonly events: readonly string[]
  readonly installationId: number
  readonly createdAtMs: number
}

/** What a person has let an App know of them, and it acts in their name with. */
export interface UserToken {
  readonly value: string
  readonly login: string
  readonly expiresAtMs: number
}

/** The App's client for the web flow. */
export interface OAuthClient {
  readonly secret: string
  /** The only addresses that browsers are sent back to. */
  readonly callbackUrl: string
}

export interface Token {
  readonly value: string
  readonly permissions: Permissions
  /** null = every repository of the installation. */
  readonly repositoryIds: readonly number[] | null
  readonly expiresAtMs: number
}
