import { Probot, ProbotOctokit } from 'probot'
import { messageOf } from '../errors.ts'
import { type GitHubFault, gitHubFault } from '../intake/gitHubFault.ts'
import type { NewRun } from '../model/ports.ts'
import { withDeadline } from '../report/deadline.ts'
import { SYSTEM_TIME } from '../report/time.ts'
import type { Credentials } from './credentials.ts'

type WhatToClone = Pick<NewRun, 'installationId' | 'repositoryId' | 'repository'>

export interface GitHubApp {
  readonly verify: (body: string, signature: string) => Promise<boolean>
  /** A client of one installation; it renews its token by itself. */
  readonly clientFor: (installationId: number) => Promise<ProbotOctokit>
  /** A client of the App itself. */
  readonly appClient: () => Promise<ProbotOctokit>
  /** Why GitHub does not know us by this App and key, or null. */
  readonly fault: () => Promise<string | null>
  /** A token that can read this one repository and nothing else; GitHub ends it after an hour. Throws GitHubFault. */
  readonly cloneToken: (run: WhatToClone) => Promise<string>
}

export async function gitHubApp(credentials: Credentials): Promise<GitHubApp> {
  let probot = await readyProbot(credentials)
  let renewedAtMs = performance.now()
  const tokens = tokensOf(() => probot)

  /** GitHub may end tokens before their hour, and Probot would go on with those that it remembers: a new one remembers none. */
  async function renew(): Promise<void> {
    if (performance.now() - renewedAtMs < LEAST_LIFE_MS) return
    renewedAtMs = performance.now()
    tokens.forget()
    probot = await readyProbot(credentials)
  }

  return {
    verify: (body, signature) => probot.webhooks.verify(body, signature),
    async clientFor(installationId) {
      const client = await probot.auth(installationId)
      client.hook.error('request', async (error) => {
        if ('status' in error && error.status === 401) await renew()
        throw error
      })
      return client
    },
    appClient: () => probot.auth(),
    fault: () => faultOf(probot),
    cloneToken: tokens.of,
  }
}

/** Where GitHub does not know the App at all, new tokens would help no more. */
const LEAST_LIFE_MS = 10_000

/**
 * The App as Probot makes it. Octokit's retries and throttling are off: both the intake and the outbox repeat by themselves, durably, and
 * a request that is repeated behind their back could create a check run twice.
 */
async function readyProbot(credentials: Credentials): Promise<Probot> {
  const { appId, privateKey, webhookSecret: secret, apiUrl } = credentials
  // Probot's own settings come after plain defaults, and would switch both on again.
  const Octokit = ProbotOctokit.defaults((options: object) => ({
    ...options,
    throttle: { enabled: false },
    retry: { enabled: false },
  }))
  const probot = new Probot({
    appId,
    privateKey,
    secret,
    Octokit,
    logLevel: 'fatal',
    ...(apiUrl === null ? {} : { baseUrl: apiUrl }),
  })
  await probot.ready()
  return probot
}

async function faultOf(probot: Probot): Promise<string | null> {
  try {
    const app = await probot.auth()
    await app.request('GET /app')
    return null
  } catch (error) {
    return `GitHub does not answer this App (check APP_ID, the private key, GHE_HOST): ${messageOf(error)}`
  }
}

/** A clone takes a while: a token that ends sooner is not given out any more. */
const LEAST_LEFT_MS = 10 * 60_000

/** GitHub ends every request within 10 s; what it has refused it is asked again ever later, and not before it says so. */
const CALL_MS = 10_000
const FIRST_PAUSE_MS = 2_000
const LONGEST_PAUSE_MS = 60_000

/** Tokens by repository, each asked for once an hour: a run that waits for its turn wants one every half second. */
function tokensOf(probot: () => Probot): Tokens {
  const known = new Map<string, Token>()
  const refused = new Map<string, Refused>()
  async function of(row: WhatToClone): Promise<string> {
    const key = `${row.installationId} ${row.repositoryId}`
    const token = known.get(key)
    if (token !== undefined && token.endsAtMs - Date.now() > LEAST_LEFT_MS) return token.text
    const before = refused.get(key)
    if (before !== undefined && before.untilMs > performance.now()) throw before.fault
    try {
      const fresh = await newToken(probot(), row)
      known.set(key, fresh)
      refused.delete(key)
      return fresh.text
    } catch (error) {
      const now = refusedBy(error, row, before?.times ?? 0)
      refused.set(key, now)
      throw now.fault
    }
  }
  return { of, forget: () => known.clear() }
}

interface Tokens {
  readonly of: GitHubApp['cloneToken']
  /** GitHub has ended them. */
  readonly forget: () => void
}

interface Token {
  readonly text: string
  readonly endsAtMs: number
}

interface Refused {
  readonly fault: GitHubFault
  readonly times: number
  /** Monotonic clock, milliseconds. */
  readonly untilMs: number
}

function refusedBy(error: unknown, { repository }: WhatToClone, timesBefore: number): Refused {
  const fault = gitHubFault(`a token to clone ${repository}`, error, Date.now())
  const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** timesBefore, LONGEST_PAUSE_MS)
  const waitMs = Math.max(pauseMs, fault.notBeforeMs - Date.now())
  return { fault, times: timesBefore + 1, untilMs: performance.now() + waitMs }
}

async function newToken(
  probot: Probot,
  { installationId, repositoryId, repository }: WhatToClone,
): Promise<Token> {
  const never = new AbortController().signal
  const what = `a clone token for ${repository}`
  return withDeadline(SYSTEM_TIME, CALL_MS, what, never, async (signal) => {
    const app = await probot.auth()
    const { data } = await app.request('POST /app/installations/{installation_id}/access_tokens', {
      installation_id: installationId,
      repository_ids: [Number(repositoryId)],
      permissions: { contents: 'read' },
      request: { signal },
    })
    return { text: data.token, endsAtMs: Date.parse(data.expires_at) }
  })
}
