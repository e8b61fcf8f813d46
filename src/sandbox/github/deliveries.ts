import { createHmac, randomUUID } from 'node:crypto'
import { codeOf, messageOf } from '../../errors.ts'
import type { StandInLog } from './log.ts'

/** GitHub gives up on a webhook after ten seconds, and does not try again by itself. */
const TIMEOUT_MS = 10_000
const MOST_KEPT = 500
const RESPONSE_CHARACTERS = 2000
const UNDER_WAY: DeliveryStatus = { kind: 'under_way' }

export type DeliveryStatus =
  | { readonly kind: 'under_way' }
  | { readonly kind: 'answered'; readonly code: number; readonly response: string }
  | { readonly kind: 'failed'; readonly reason: string }

/** One attempt to tell the App of one event. A redelivery is an attempt of its own with the same `guid`. */
export interface DeliveryRecord {
  readonly id: number
  /** `X-GitHub-Delivery`. */
  readonly guid: string
  readonly event: string
  readonly action: string
  /** The exact bytes that were signed and sent, as text. */
  readonly payload: string
  readonly redelivery: boolean
  readonly startedAtMs: number
  readonly tookMs: number | null
  readonly status: DeliveryStatus
}

export interface Deliveries {
  send(event: string, action: string, payload: object): void
  /** Sends the same bytes again under the same delivery id. False = no such attempt. */
  redeliver(id: number): boolean
  /** Newest first; the oldest are forgotten after 500. */
  records(): readonly DeliveryRecord[]
  /** Resolves when nothing is under way. */
  idle(): Promise<void>
  close(): Promise<void>
}

export interface Webhook {
  /** Where the App listens. */
  readonly url: string
  readonly secret: string
  readonly hookId: number
  readonly appId: number
}

/** Signs and sends events, at once and side by side: GitHub promises no order. */
export function newDeliveries(webhook: Webhook, now: () => number, log: StandInLog): Deliveries {
  const records = new Map<number, DeliveryRecord>()
  const underWay = new Map<AbortController, Promise<void>>()
  let lastId = 0

  function start(what: Pick<DeliveryRecord, 'guid' | 'event' | 'action' | 'payload' | 'redelivery'>): void {
    const record = { ...what, id: ++lastId, startedAtMs: now(), tookMs: null, status: UNDER_WAY }
    keep(record)
    const abort = new AbortController()
    underWay.set(
      abort,
      post(record, abort).finally(() => underWay.delete(abort)),
    )
  }

  async function post(record: DeliveryRecord, abort: AbortController): Promise<void> {
    const status = await attemptOf(webhook, record, abort)
    keep({ ...record, status, tookMs: now() - record.startedAtMs })
    logEnd(log, record, status)
  }

  function keep(record: DeliveryRecord): void {
    records.set(record.id, record)
    records.delete(record.id - MOST_KEPT)
  }

  return {
    send: (event, action, payload) =>
      start({ guid: randomUUID(), event, action, payload: JSON.stringify(payload), redelivery: false }),
    redeliver: (id) => {
      const record = records.get(id)
      if (record !== undefined) start({ ...record, redelivery: true })
      return record !== undefined
    },
    records: () => [...records.values()].toReversed(),
    idle: async () => {
      while (underWay.size > 0) await Promise.all(underWay.values())
    },
    close: async () => {
      for (const abort of underWay.keys()) abort.abort('the stand-in stops')
      await Promise.all(underWay.values())
    },
  }
}

async function attemptOf(
  webhook: Webhook,
  record: DeliveryRecord,
  abort: AbortController,
): Promise<DeliveryStatus> {
  const { signal } = abort
  const timer = setTimeout(() => abort.abort('timed out'), TIMEOUT_MS)
  try {
    const response = await fetch(webhook.url, {
      method: 'POST',
      headers: headersOf(webhook, record),
      body: record.payload,
      redirect: 'manual',
      signal,
    })
    const text = await response.text()
    return { kind: 'answered', code: response.status, response: text.slice(0, RESPONSE_CHARACTERS) }
  } catch (error) {
    return { kind: 'failed', reason: signal.aborted ? String(signal.reason) : reasonOf(error) }
  } finally {
    clearTimeout(timer)
  }
}

function logEnd(log: StandInLog, { event, action, guid }: DeliveryRecord, status: DeliveryStatus): void {
  const data = { event, action, guid, status }
  if (status.kind === 'answered' && status.code < 300) log.info(data, 'webhook.delivered')
  else log.warn(data, 'webhook.failed')
}

/** https://docs.github.com/webhooks/webhook-events-and-payloads#delivery-headers */
function headersOf(webhook: Webhook, record: DeliveryRecord): Record<string, string> {
  const sign = (algorithm: string) =>
    `${algorithm}=${createHmac(algorithm, webhook.secret).update(record.payload).digest('hex')}`
  return {
    'content-type': 'application/json',
    accept: '*/*',
    'user-agent': 'GitHub-Hookshot/5e0a7c1',
    'x-github-delivery': record.guid,
    'x-github-event': record.event,
    'x-github-hook-id': String(webhook.hookId),
    'x-github-hook-installation-target-id': String(webhook.appId),
    'x-github-hook-installation-target-type': 'integration',
    'x-hub-signature': sign('sha1'),
    'x-hub-signature-256': sign('sha256'),
  }
}

/** fetch hides why a connection failed behind "fetch failed". */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined
  return codeOf(cause) ?? messageOf(error)
}
