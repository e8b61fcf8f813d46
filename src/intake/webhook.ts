import type { IncomingMessage, ServerResponse } from 'node:http'
import { messageOf } from '../errors.ts'
import type { EventData, EventLog } from '../model/events.ts'
import type { Delivery, Store } from '../model/ports.ts'
import { type Body, bodyReader, declaresTooMuch, discardRest } from './body.ts'
import { outcomeOfNothing } from './nothing.ts'

export interface DoorOptions {
  /** Where GitHub delivers; the rest of the server's paths are left alone. */
  readonly path: string
  readonly store: Pick<Store, 'addDelivery'>
  /** Octokit's own (`webhooks.verify`): it compares in constant time. */
  readonly verify: (body: string, signature: string) => Promise<boolean>
  /** A new delivery that has to be decided is on disk. */
  readonly stored: (delivery: Delivery) => void
  /** Wall clock, milliseconds. */
  readonly now: () => number
  readonly log: EventLog
}

interface Answer {
  readonly status: number
  readonly message: string
}

/** GitHub's ids are UUIDs; it names events in lower case with underscores. */
const DELIVERY_ID = /^[\w.:-]{1,100}$/
const EVENT = /^[a-z][a-z_]{0,63}$/

const TOO_MUCH: Answer = { status: 413, message: 'the body has more than 25 MB' }
const NO_ROOM: Answer = { status: 503, message: 'too many large bodies at once; deliver it again' }

/**
 * The door for GitHub's webhooks: a plain Node handler that resolves to false for other paths. A delivery is on disk, raw, before it
 * is answered; the answer waits for nothing else. Of what plainly asks for nothing there is a line instead, which says so. Whatever is
 * not signed is kept nowhere.
 */
export function webhookDoor(
  options: DoorOptions,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const read = bodyReader()
  return async (request, response) => {
    if (pathOf(request) !== options.path) return false
    const refusal = refusalByHead(request)
    if (refusal !== null) await refuse(refusal, request, response, options.log)
    else await take(request, response, options, read)
    return true
  }
}

function pathOf(request: IncomingMessage): string {
  return (request.url ?? '').split('?')[0] ?? ''
}

/** What is wrong with a request before any of its body is read. */
function refusalByHead(request: IncomingMessage): Answer | null {
  if (request.method !== 'POST') return { status: 405, message: 'webhooks are delivered by POST' }
  const missing = ['x-github-event', 'x-github-delivery', 'x-hub-signature-256'].filter(
    (name) => headerOf(request, name) === '',
  )
  if (missing.length > 0) return { status: 400, message: `missing: ${missing.join(', ')}` }
  if (
    !DELIVERY_ID.test(headerOf(request, 'x-github-delivery')) ||
    !EVENT.test(headerOf(request, 'x-github-event'))
  )
    return { status: 400, message: 'x-github-delivery or x-github-event is not what GitHub sends' }
  if (!/^application\/json\b/i.test(headerOf(request, 'content-type')))
    return { status: 415, message: 'set the content type of the webhook to application/json' }
  return declaresTooMuch(request) ? TOO_MUCH : null
}

async function take(
  request: IncomingMessage,
  response: ServerResponse,
  options: DoorOptions,
  read: (request: IncomingMessage) => Promise<Body>,
): Promise<void> {
  const { log, now, stored } = options
  const id = headerOf(request, 'x-github-delivery')
  const body = await whole(request, read, log)
  if (body === null) return
  try {
    if (typeof body === 'string')
      return await refuse(body === 'too_much' ? TOO_MUCH : NO_ROOM, request, response, log)
    const payload = body.toString('utf8')
    if (!(await isSigned(payload, request, options)))
      return await refuse(
        { status: 401, message: 'the signature does not fit the body' },
        request,
        response,
        log,
      )
    const delivery = { id, event: headerOf(request, 'x-github-event'), payload, receivedAtMs: now() }
    const outcome = outcomeOfNothing(delivery)
    const isNew = await options.store.addDelivery(delivery, outcome)
    answer({ status: 202, message: isNew ? 'stored' : 'known already' }, response)
    log.info({ delivery: id, webhook: delivery.event, isNew }, 'delivery.stored')
    if (isNew && outcome === null) stored(delivery)
    else if (isNew && outcome !== null) log.info(decidedNothing(delivery, outcome), 'delivery.decided')
  } catch (error) {
    log.error({ delivery: id, error: messageOf(error) }, 'delivery.lost')
    answer({ status: 503, message: 'not stored; deliver it again' }, response)
  }
}

function decidedNothing({ id, receivedAtMs }: Delivery, outcome: string): EventData<'delivery.decided'> {
  return { delivery: id, outcome, isNew: true, runs: [], comments: [], receivedAtMs }
}

/** Null = whoever sent it has broken off: nothing is known of them, and nobody waits for an answer. */
async function whole(
  request: IncomingMessage,
  read: (request: IncomingMessage) => Promise<Body>,
  log: EventLog,
): Promise<Body | null> {
  try {
    return await read(request)
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'delivery.aborted')
    return null
  }
}

async function isSigned(
  payload: string,
  request: IncomingMessage,
  { verify, log }: DoorOptions,
): Promise<boolean> {
  try {
    return await verify(payload, headerOf(request, 'x-hub-signature-256'))
  } catch (error) {
    log.warn({ error: messageOf(error) }, 'delivery.unverifiable')
    return false
  }
}

async function refuse(
  refusal: Answer,
  request: IncomingMessage,
  response: ServerResponse,
  log: EventLog,
): Promise<void> {
  log.warn({ delivery: headerOf(request, 'x-github-delivery'), status: refusal.status }, 'delivery.refused')
  if (refusal.status === 405) response.setHeader('allow', 'POST')
  response.setHeader('connection', 'close')
  begin(refusal, response)
  await discardRest(request)
  response.end()
}

function answer(given: Answer, response: ServerResponse): void {
  if (response.headersSent || response.destroyed) return
  begin(given, response)
  response.end()
}

function begin({ status, message }: Answer, response: ServerResponse): void {
  const body = `${JSON.stringify({ message })}\n`
  response.writeHead(status, {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
  })
  response.write(body)
}

/** A header that is there twice is none: GitHub sends each once. */
function headerOf(request: IncomingMessage, name: string): string {
  const values = request.headersDistinct[name] ?? []
  return values.length === 1 ? (values[0] ?? '') : ''
}
