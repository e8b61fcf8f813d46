/** What a token, or a session, is good for: looking, or acting, too. */
export const SCOPES = ['read', 'act'] as const
export type Scope = (typeof SCOPES)[number]

/** A word of the operator's for a program or a person on another machine. Its text is nowhere kept. */
export interface Token {
  readonly name: string
  readonly scope: Scope
  readonly madeBy: string
  readonly madeAtMs: number
  /** Null = it does not end by itself. */
  readonly endsAtMs: number | null
  readonly usedAtMs: number | null
}

/** Somebody who has signed in: known to GitHub, or by a token's name, which ends it with the token. */
export type Person =
  | { readonly kind: 'github'; readonly id: number; readonly login: string }
  | { readonly kind: 'token'; readonly name: string }

export interface Session {
  readonly person: Person
  /** Where not everybody may look. */
  readonly mayRead: boolean
  readonly mayAct: boolean
  readonly endsAtMs: number
}

/** Tokens and sessions by the hashes (SHA-256, hex) of what only their owners know. */
export interface AccessStore {
  /** False = there is a live one of this name. */
  addToken(token: Omit<Token, 'usedAtMs'>, hash: string): Promise<boolean>
  /** Live ones, by name. */
  tokens(nowMs: number): Promise<readonly Token[]>
  /** The live one that this is, and notes its use; null = it is none. */
  useToken(hash: string, nowMs: number): Promise<Token | null>
  /** False = there is no live one of this name. Its sessions end with it. */
  revokeToken(name: string, atMs: number): Promise<boolean>
  /** Forgets sessions that are over. */
  addSession(session: Session, hash: string, nowMs: number): Promise<void>
  /** Null = there is none, or it is over. */
  session(hash: string, nowMs: number): Promise<Session | null>
  endSession(hash: string): Promise<void>
}

/** Names of tokens stand in records and on pages beside logins. */
export const TOKEN_NAME = /^[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?$/

/** Who did something, for people. No login of GitHub's has a space. */
export function personWords(person: Person): string {
  return person.kind === 'github' ? person.login : `token ${person.name}`
}
