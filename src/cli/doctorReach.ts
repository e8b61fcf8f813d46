import { messageOf } from '../errors.ts'
import type { Credentials } from '../world/credentials.ts'
import type { Check } from './check.ts'
import { isOpen } from './doctorService.ts'

const ANSWER_MS = 5000
/** GitHub refuses what an App signs when its clock differs by more than a minute. */
const MOST_SKEW_MS = 30_000
const LEAST_SECRET = 16
const LOOPBACK = /^(?:localhost|127\.\d+\.\d+\.\d+|\[?::1\]?)$/
/** Nobody's address (RFC 5737): a proxy that passes on what its callers say of themselves passes this on, too. */
const MADE_UP = '192.0.2.1'

type Environment = Readonly<Record<string, string | undefined>>

/** How GitHub and people reach the service, and it them. Only asked where the credentials of a service are. */
export async function reachChecks(credentials: Credentials, env: Environment): Promise<readonly Check[]> {
  const [address, clock] = await Promise.all([publicAddress(credentials, env), gitHubClock(credentials)])
  return [
    ...address,
    ...listening(credentials),
    ...clock,
    ...secret(credentials),
    ...key(env),
    signIn(credentials),
  ]
}

async function publicAddress(
  { publicUrl, host, port }: Credentials,
  env: Environment,
): Promise<readonly Check[]> {
  const what = 'public address'
  if ((env['BERTH_URL'] ?? '') === '')
    return [
      {
        what,
        state: 'note',
        text: `BERTH_URL is not set: check runs lead to ${publicUrl}, which nobody elsewhere reaches; set it to the address of the reverse proxy`,
      },
    ]
  const url = new URL(publicUrl)
  const plain: readonly Check[] =
    url.protocol === 'https:' || LOOPBACK.test(url.hostname)
      ? []
      : [
          {
            what,
            state: 'note',
            text: `${publicUrl} is without TLS: sign-ins, tokens and webhooks can be read on their way; let the reverse proxy end TLS`,
          },
        ]
  try {
    const answer = await fetch(`${publicUrl}/healthz`, {
      headers: { 'x-forwarded-for': MADE_UP },
      signal: AbortSignal.timeout(ANSWER_MS),
    })
    const text = await answer.text()
    if (answer.ok && text === 'alive\n')
      return [...plain, seenAs(answer.headers.get('berth-sees'), url, port)]
    const wrong = `${publicUrl}/healthz answers ${answer.status}, and not as berth does: the proxy has to lead to ${host}:${port}, where berth has to run`
    return [...plain, { what, state: 'bad', text: wrong }]
  } catch (error) {
    const text = `${publicUrl} cannot be reached from this machine (${reasonOf(error)}): look at its name, its certificate and the proxy; GitHub has to reach it, this machine need not`
    return [...plain, { what, state: 'note', text }]
  }
}

/** Whom the service takes us for, by what the proxy says. */
function seenAs(seen: string | null, url: URL, port: number): Check {
  const what = 'public address'
  const isBerthItself = LOOPBACK.test(url.hostname) && url.port === String(port)
  if (seen === MADE_UP && !isBerthItself)
    return {
      what,
      state: 'bad',
      text: `the proxy passes on X-Forwarded-For as callers write it, so nobody's pace can be kept: let it put the caller's address there (deploy/nginx, deploy/caddy)`,
    }
  if (seen !== null && isLoopback(seen) && !LOOPBACK.test(url.hostname))
    return {
      what,
      state: 'note',
      text: `${url.origin} leads to berth, which takes this caller for ${seen}: unless that name is this machine's own loopback, the proxy has to set X-Forwarded-For, or all callers share one pace`,
    }
  return { what, state: 'good', text: `${url.origin} leads to berth` }
}

function isLoopback(address: string): boolean {
  return LOOPBACK.test(address.replace(/^::ffff:/, ''))
}

function listening({ host, port }: Credentials): readonly Check[] {
  if (LOOPBACK.test(host)) return []
  const text = `berth listens on ${host}:${port}, beside the proxy: without TLS, and only a proxy on this machine is believed whom it speaks for; set HOST=127.0.0.1, unless this is a container`
  return [{ what: 'HOST', state: 'note', text }]
}

/** By what GitHub's own answers say the time is. */
async function gitHubClock({ apiUrl }: Credentials): Promise<readonly Check[]> {
  const url = apiUrl ?? 'https://api.github.com'
  try {
    const before = Date.now()
    const answer = await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(ANSWER_MS) })
    const told = Date.parse(answer.headers.get('date') ?? '')
    if (Number.isNaN(told)) return []
    const skewMs = (before + Date.now()) / 2 - told
    if (Math.abs(skewMs) < MOST_SKEW_MS)
      return [{ what: 'clock', state: 'good', text: `as ${new URL(url).host} has it` }]
    const seconds = Math.round(Math.abs(skewMs) / 1000)
    const text = `${seconds} s ${skewMs > 0 ? 'ahead of' : 'behind'} ${new URL(url).host}, which refuses what the App signs (401): timedatectl set-ntp true`
    return [{ what: 'clock', state: 'bad', text }]
  } catch (error) {
    const text = `${url} cannot be reached from here (${reasonOf(error)}): berth could neither fetch nor report; look at the network, the proxy, the firewall`
    return [{ what: 'clock', state: 'note', text }]
  }
}

/** `fetch failed` says nothing; its cause does. */
function reasonOf(error: unknown): string {
  return error instanceof Error && error.cause !== undefined ? messageOf(error.cause) : messageOf(error)
}

function secret({ webhookSecret }: Credentials): readonly Check[] {
  if (webhookSecret.length >= LEAST_SECRET) return []
  const text = `WEBHOOK_SECRET has ${webhookSecret.length} characters, and whoever guesses it can start runs: openssl rand -hex 32, here and in the App's settings`
  return [{ what: 'webhook secret', state: 'bad', text }]
}

function key(env: Environment): readonly Check[] {
  const file = env['PRIVATE_KEY_PATH'] ?? ''
  if (file === '' || !isOpen(file)) return []
  const text = `every user of this machine, stages among them, can read ${file}: chmod 600 ${file}`
  return [{ what: 'private key', state: 'bad', text }]
}

function signIn({ client, publicUrl }: Credentials): Check {
  const what = 'sign-in'
  const callback = `${publicUrl}/sign-in/callback`
  if (client === null)
    return {
      what,
      state: 'note',
      text: `nobody can sign in with GitHub, only with a token of \`berth token new\`: set GITHUB_CLIENT_ID and GITHUB_CLIENT_SECRET, and ${callback} as the App's callback URL`,
    }
  return { what, state: 'good', text: `client ${client.id}; the App's callback URL has to be ${callback}` }
}
