import { HarnessError, messageOf } from '../errors.ts'
import type { Post } from './alarms.ts'

/**
 * Posts alarms to the operator's own address, wherever it leads: it may be inside the operator's network. Nothing of the address but its host
 * is ever told: the path, the query or the user's part may be a password.
 */
export function alarmPost(webhook: string): Post {
  const { url, authorization } = addressOf(webhook)
  return async ({ id, body }, signal) => {
    const headers = {
      'content-type': 'application/json',
      'user-agent': 'berth',
      'idempotency-key': id,
      ...authorization,
    }
    try {
      const response = await fetch(url, { method: 'POST', headers, body, redirect: 'manual', signal })
      await response.body?.cancel()
      return { status: response.status, waitMs: waitOf(response.headers.get('retry-after')) }
    } catch (error) {
      throw unreached(withoutAddress(messageOf(error), webhook, url))
    }
  }
}

/** fetch refuses addresses with a user in them, and says them in its refusal. */
function addressOf(webhook: string) {
  const url = new URL(webhook)
  const { username, password } = url
  url.username = ''
  url.password = ''
  if (username === '' && password === '') return { url, authorization: {} }
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { url, authorization: { authorization: `Basic ${Buffer.from(pair).toString('base64')}` } }
}

/** Seconds, or an HTTP date (RFC 9110, 10.2.3). */
function waitOf(header: string | null): number {
  if (header === null || header.trim() === '') return 0
  const waitMs = /^\d+$/.test(header.trim()) ? Number(header) * 1000 : Date.parse(header) - Date.now()
  return Number.isFinite(waitMs) ? Math.max(0, waitMs) : 0
}

/** Without its cause: that one names the address. */
function unreached(text: string): HarnessError {
  return new HarnessError('ALARM_UNREACHED', text)
}

function withoutAddress(text: string, webhook: string, url: URL): string {
  const secrets = [webhook, url.href, `${url.pathname}${url.search}`, url.pathname].filter(
    (part) => part.length > 1,
  )
  return secrets.reduce((masked, part) => masked.replaceAll(part, '***'), text)
}
