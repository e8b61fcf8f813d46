import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { type ClientRequest, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { MOST_BODY_BYTES } from '../../src/intake/body.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { commentOf } from './examples.ts'
import { PATH, type Scene, signatureOf, startScene } from './scene.ts'

const COMMENT = JSON.stringify(commentOf('Nothing for berth: ünïcödé 😀'))

function headersFor(body: string, id = 'd-1'): Record<string, string> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'issue_comment',
    'x-github-delivery': id,
    'x-hub-signature-256': signatureOf(body),
  }
}

/** A request whose body the test writes by itself. */
function rawRequest(scene: Scene, headers: Record<string, string | number>): ClientRequest {
  return request(`${scene.url}${PATH}`, { method: 'POST', headers: { ...headersFor('{}'), ...headers } })
}

async function statusOf(sent: ClientRequest): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  sent.on('response', (response) => {
    void text(response).then(() => resolve(response.statusCode ?? 0), reject)
  })
  sent.on('error', reject)
  return promise
}

test('R-QUE-01 a delivery is on disk, byte for byte, when it is answered', async () => {
  const gate = Promise.withResolvers<void>()
  const entered = Promise.withResolvers<string>()
  await using scene = await startScene({
    store: (store) => ({
      ...store,
      async addDelivery(delivery, outcome) {
        entered.resolve(delivery.payload)
        await gate.promise
        return store.addDelivery(delivery, outcome)
      },
    }),
  })
  let answered = false
  const answer = scene.deliver('issue_comment', COMMENT, { id: 'd-1' }).then((response) => {
    answered = true
    return response.status
  })
  expect(await entered.promise).toBe(COMMENT)
  expect((await fetch(`${scene.url}/elsewhere`)).status).toBe(404)
  expect(answered).toBe(false)
  gate.resolve()
  expect(await answer).toBe(202)
  expect((await scene.ended('d-1')).outcome).toBe('no_command')
})

test('R-QUE-01 what asks for nothing is on disk as that when it is answered, and waits for no decision', async () => {
  await using scene = await startScene()
  expect((await scene.deliver('issue_comment', COMMENT, { id: 'd-1' })).status).toBe(202)
  expect(await scene.store.delivery('d-1')).toMatchObject({ event: 'issue_comment', payload: '' })
  expect(await scene.store.undecided(Number.MAX_SAFE_INTEGER)).toEqual([])
  expect((await scene.deliver('issue_comment', COMMENT, { id: 'd-1' })).status).toBe(202)
  expect(scene.events).toEqual(['delivery.stored', 'delivery.decided', 'delivery.stored'])
})

test('R-CMD-08 a delivery that comes again is answered the same, and changes nothing', async () => {
  await using scene = await startScene()
  expect((await scene.deliver('issue_comment', commentOf('!testme'), { id: 'd-1' })).status).toBe(202)
  await scene.ended('d-1')
  const before = await scene.reports()
  const again = await scene.deliver('issue_comment', commentOf('!testme'), { id: 'd-1' })
  expect([again.status, await again.json()]).toEqual([202, { message: 'known already' }])
  expect(await scene.reports()).toEqual(before)
  expect(await scene.store.queued()).toHaveLength(1)
})

test.each([
  ['of another secret', signatureOf(COMMENT, 'another secret')],
  ['of another body', signatureOf(`${COMMENT} `)],
  ['of another length', 'sha256=00'],
  ['by SHA-1', `sha1=${'0'.repeat(40)}`],
  ['that is no signature', 'x'],
])('R-CMD-08 a signature %s is refused, and nothing is stored', async (_, signature) => {
  await using scene = await startScene()
  const response = await scene.deliver('issue_comment', COMMENT, { signature })
  expect(response.status).toBe(401)
  expect(await scene.store.undecided(Number.MAX_SAFE_INTEGER)).toEqual([])
  expect(scene.events).toEqual(['delivery.refused'])
})

test('what no webhook looks like is refused by its head, each with what is wrong', async () => {
  await using scene = await startScene()
  async function refusal(
    change: Record<string, string | undefined>,
    method = 'POST',
  ): Promise<readonly unknown[]> {
    const all = { ...headersFor(COMMENT), ...change }
    const headers = Object.entries(all).flatMap(([name, value]): [string, string][] =>
      value === undefined ? [] : [[name, value]],
    )
    const response = await fetch(`${scene.url}${PATH}`, {
      method,
      headers,
      ...(method === 'POST' ? { body: COMMENT } : {}),
    })
    return [response.status, await response.text()]
  }
  expect(await refusal({}, 'GET')).toEqual([405, expect.stringContaining('POST')])
  expect(await refusal({ 'x-github-event': undefined })).toEqual([
    400,
    expect.stringContaining('x-github-event'),
  ])
  expect(await refusal({ 'x-github-delivery': '' })).toEqual([
    400,
    expect.stringContaining('x-github-delivery'),
  ])
  expect(await refusal({ 'x-hub-signature-256': undefined })).toEqual([
    400,
    expect.stringContaining('signature'),
  ])
  expect(await refusal({ 'x-github-delivery': 'a b' })).toEqual([400, expect.any(String)])
  expect(await refusal({ 'x-github-delivery': 'x'.repeat(101) })).toEqual([400, expect.any(String)])
  expect(await refusal({ 'x-github-event': 'Issue Comment' })).toEqual([400, expect.any(String)])
  expect(await refusal({ 'content-type': 'application/x-www-form-urlencoded' })).toEqual([
    415,
    expect.any(String),
  ])
  expect(await scene.store.undecided(Number.MAX_SAFE_INTEGER)).toEqual([])
})

test('a body that says it is over 25 MB is refused before any of it is read', async () => {
  await using scene = await startScene()
  const sent = rawRequest(scene, { 'content-length': MOST_BODY_BYTES + 1 })
  sent.flushHeaders()
  expect(await statusOf(sent)).toBe(413)
  sent.destroy()
})

test('a body that grows over 25 MB while it comes is refused, and the sender hears it', async () => {
  await using scene = await startScene()
  const sent = rawRequest(scene, { 'transfer-encoding': 'chunked' })
  const status = statusOf(sent)
  const isAnswered = status.then(() => true)
  const part = Buffer.alloc(1024 * 1024, 0x20)
  for (let megabytes = 0, over = false; megabytes < 40 && !over; megabytes += 1)
    if (!sent.write(part)) over = await Promise.race([isAnswered, once(sent, 'drain').then(() => false)])
  sent.end()
  expect(await status).toBe(413)
  expect(await scene.store.undecided(Number.MAX_SAFE_INTEGER)).toEqual([])
})

test('bodies that nobody has signed take no more memory than a few of the longest; small ones always pass', async () => {
  await using scene = await startScene()
  const unfinished = [0, 1, 2, 3].map(() => {
    const sent = rawRequest(scene, { 'content-length': MOST_BODY_BYTES })
    const status = statusOf(sent).catch(() => 0)
    sent.write(Buffer.alloc(MOST_BODY_BYTES - 1, 0x20))
    return { sent, status }
  })
  expect(await Promise.race(unfinished.map(({ status }) => status))).toBe(503)
  expect((await scene.deliver('issue_comment', COMMENT, { id: 'd-2' })).status).toBe(202)
  for (const { sent } of unfinished) sent.destroy()
  await Promise.all(unfinished.map(({ status }) => status))
  const again = rawRequest(scene, { 'content-length': MOST_BODY_BYTES })
  again.end(Buffer.alloc(MOST_BODY_BYTES, 0x20))
  expect(await statusOf(again)).toBe(401)
})

test('R-QUE-01 a delivery that cannot be stored is never answered as if it was', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'berth-closed-'))
  const broken = await openStore(join(folder, 'berth.db'))
  await broken.close()
  await rm(folder, { recursive: true })
  await using scene = await startScene({
    store: (store) => ({ ...store, addDelivery: (delivery) => broken.addDelivery(delivery) }),
  })
  expect((await scene.deliver('issue_comment', COMMENT)).status).toBe(503)
  expect(scene.events).toEqual(['delivery.lost'])
})

test('R-OBS-01 a sender that leaves in the middle of a body stops nobody, and is no fault of ours', async () => {
  await using scene = await startScene()
  const lost = scene.next('delivery.aborted')
  const sent = rawRequest(scene, { 'content-length': 1000 })
  sent.on('error', () => undefined)
  await new Promise((resolve) => sent.write('{"action":', resolve))
  sent.destroy()
  await lost
  expect(scene.events).toEqual(['delivery.aborted'])
  expect((await scene.deliver('issue_comment', COMMENT, { id: 'd-2' })).status).toBe(202)
  expect((await scene.ended('d-2')).isNew).toBe(true)
})

test('other paths of the server are left alone', async () => {
  await using scene = await startScene()
  expect((await fetch(`${scene.url}${PATH}x`, { method: 'POST' })).status).toBe(404)
  expect((await fetch(`${scene.url}${PATH}?x=1`, { method: 'POST' })).status).toBe(400)
})
