import { HarnessError } from '../errors.ts'
import type { Config, Permission } from '../model/config.ts'
import { PERMISSIONS } from '../model/config.ts'
import { enrolmentOf } from '../model/policy.ts'
import type { RunRow, Store } from '../model/ports.ts'
import { fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import { withDeadline } from '../report/deadline.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import type { GitHubSignIn } from '../web/ports.ts'
import type { Credentials } from './credentials.ts'

/** What the App's web flow needs (docs.github.com, generating a user access token for a GitHub App). */
export interface SignInParts {
  readonly credentials: Pick<Credentials, 'client' | 'apiUrl'>
  readonly store: Pick<Store, 'runs'>
  readonly config: () => Pick<Config, 'trust' | 'repositories'>
  readonly permissionOf: (run: RunRow, person: Person) => Promise<Permission>
}

interface Person {
  readonly id: number
  readonly login: string
}

const CALL_MS = 10_000
/** Membership is looked for where something has run lately: each repository is a question to GitHub. */
const NEWEST_RUNS = 100
const MOST_REPOSITORIES = 10

/** Null = the App has no client secret here. */
export function gitHubSignIn({ credentials, store, config, permissionOf }: SignInParts): GitHubSignIn | null {
  const { client, apiUrl } = credentials
  if (client === null) return null
  const api = apiUrl ?? 'https://api.github.com'
  const web = apiUrl === null ? 'https://github.com' : new URL(apiUrl).origin
  return {
    addressOf({ state, challenge, back }) {
      const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }
      const query = new URLSearchParams({ client_id: client.id, redirect_uri: back, state, ...pkce })
      return `${web}/login/oauth/authorize?${query}`
    },
    async personOf({ code, verifier, back }) {
      const ask = {
        client_id: client.id,
        client_secret: client.secret,
        code,
        redirect_uri: back,
        code_verifier: verifier,
      }
      const body = new URLSearchParams(ask)
      const answer = fieldsOf(
        await asked(`${web}/login/oauth/access_token`, { method: 'POST', body }),
        'token',
      )
      const error = optional(answer, 'error', textOf)
      if (error !== null) throw new HarnessError('SIGN_IN', `GitHub gives no token for the code: ${error}`)
      const headers = { authorization: `Bearer ${textOf(answer, 'access_token')}` }
      const user = fieldsOf(await asked(`${api}/user`, { headers }), 'user')
      return { id: numberOf(user, 'id'), login: textOf(user, 'login') }
    },
    async isMember(person) {
      const runs = await store.runs({ limit: NEWEST_RUNS })
      const { trust, repositories } = config()
      const enrolled = runs.filter(({ repository }) => enrolmentOf(repositories, repository) !== null)
      const newest = [...new Map(enrolled.map((run) => [run.repositoryId, run])).values()]
      for (const run of newest.slice(0, MOST_REPOSITORIES))
        if (isAtLeast(await permissionOf(run, person), trust.run)) return true
      return false
    },
  }
}

function isAtLeast(permission: Permission, least: Permission): boolean {
  return PERMISSIONS.indexOf(permission) >= PERMISSIONS.indexOf(least)
}

/** GitHub's answers to this flow are JSON where that is asked for; errors of the first come with 200. */
function asked(
  url: string,
  init: {
    readonly method?: string
    readonly body?: URLSearchParams
    readonly headers?: Record<string, string>
  },
): Promise<unknown> {
  const never = new AbortController().signal
  return withDeadline(SYSTEM_TIME, CALL_MS, new URL(url).pathname, never, async (signal) => {
    const headers = { accept: 'application/json', 'user-agent': 'berth', ...init.headers }
    const response = await fetch(url, { ...init, headers, redirect: 'error', signal })
    if (!response.ok) throw new HarnessError('SIGN_IN', `${new URL(url).pathname} answers ${response.status}`)
    return response.json()
  })
}
