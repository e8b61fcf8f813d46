import { createHmac } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import { expect } from 'vitest'
import { doctorSays } from '../fixtures/doctor.ts'
import { until } from '../fixtures/until.ts'
import { HAS_NGINX, startNginx } from './fixtures/nginx.ts'
import { freePort } from './fixtures/ports.ts'
import type { Scene } from './fixtures/scene.ts'
import { test } from './fixtures/test.ts'

const MADE_UP = '192.0.2.1'
const RIGHT = 'proxy_set_header X-Forwarded-For $remote_addr;'
const CARELESS = 'proxy_set_header X-Forwarded-For $http_x_forwarded_for;'

test.skipIf(!HAS_NGINX)(
  'R-QUE-01 behind nginx as we give it a signed webhook arrives byte for byte, however large; what GitHub never sends does not',
  async ({ scene }) => {
    scene.recipe('app')
    await scene.serve()
    await using proxy = await startNginx(scene.world, portOf(scene))
    const secret = scene.env['WEBHOOK_SECRET'] ?? ''
    const large = { zen: 'Ünï – \u2028 &amp; "\\u00e9"  ', padding: 'x'.repeat(3_000_000) }
    const status = async (body: Buffer, word = secret) =>
      (await proxy.ask('/api/github/webhooks', { method: 'POST', headers: signed(body, word), body })).status
    expect(await status(Buffer.from(JSON.stringify(large)))).toBeLessThan(300)
    expect(await status(Buffer.from('{}'), 'another secret')).toBe(401)
    const form = { method: 'POST', headers: { 'content-length': String(65 * 1024) } }
    expect((await proxy.ask('/act', form)).status, 'others have no need for large bodies').toBe(413)
    const huge = { method: 'POST', headers: { 'content-length': String(25 * 1024 * 1024 + 1) } }
    expect((await proxy.ask('/api/github/webhooks', huge)).status).toBe(413)
  },
)

test.skipIf(!HAS_NGINX)(
  'R-OBS-04 behind nginx as we give it callers are told apart by their own address, whatever they say of themselves; numbers are for this machine',
  async ({ scene }) => {
    scene.recipe('app')
    scene.setting('web: { reading: members }')
    await scene.serve()
    await using proxy = await startNginx(scene.world, portOf(scene))
    const headers = { 'x-forwarded-for': MADE_UP, authorization: 'Bearer berth_of_nobody' }
    const seen = async (from: string) =>
      (await proxy.ask('/healthz', { from, headers })).headers['berth-sees']
    expect([await seen('127.0.0.2'), await seen('127.0.0.3')]).toEqual(['127.0.0.2', '127.0.0.3'])
    const guess = async (from: string) => (await proxy.ask('/api/v1/runs', { from, headers })).status
    expect(await guess('127.0.0.4')).toBe(401)
    const further = []
    for (let tries = 0; tries < 50 && further.at(-1) !== 429; tries += 1)
      further.push(await guess('127.0.0.4'))
    expect(further.at(-1), 'who guesses is slowed down').toBe(429)
    expect(await guess('127.0.0.5'), 'and nobody else with them').toBe(401)
    expect((await proxy.ask('/metrics', { from: '127.0.0.2' })).status).toBe(403)
    expect((await proxy.ask('/metrics')).status, 'a matter of reading, no more').toBe(401)
  },
)

test.skipIf(!HAS_NGINX)(
  'R-OBS-03 nginx as we give it holds back nothing that is followed live: an event is there while the answer goes on',
  async ({ world }) => {
    const upstream = createServer((_, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      response.write('data: first\n\n')
      upstream.once('go', () => response.end('data: last\n\n'))
    })
    await using undo = new AsyncDisposableStack()
    undo.defer(() => {
      upstream.close()
      upstream.closeAllConnections()
    })
    const port = await freePort()
    await once(upstream.listen(port, '127.0.0.1'), 'listening')
    await using proxy = await startNginx(world, port)
    const answer = await proxy.open('/events')
    let text = ''
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part
    })
    await until('the first event', () => text === 'data: first\n\n')
    expect(answer.complete).toBe(false)
    const end = once(answer, 'end')
    upstream.emit('go')
    await end
    expect(text).toBe('data: first\n\ndata: last\n\n')
  },
)

test.skipIf(!HAS_NGINX)(
  'doctor says what the reverse proxy makes of callers, and that nothing is behind it',
  async ({ scene }) => {
    scene.recipe('app')
    const service = await scene.serve()
    await using proxy = await startNginx(scene.world, portOf(scene), [RIGHT, CARELESS])
    const said = async (url: string) => {
      // The clock is another matter.
      const env = { ...scene.env, GHE_HOST: '127.0.0.1:1', BERTH_URL: url }
      const checks = await doctorSays(scene.world, env)
      return checks.filter(({ what }) => what === 'public address')
    }
    const direct = `http://127.0.0.1:${portOf(scene)}`
    const all = [proxy.plain(RIGHT), direct, proxy.plain(CARELESS)].map(said)
    const [right, itself, careless] = (await Promise.all(all)).map((found) => found[0])
    expect([right?.state, itself?.state], 'as we give it, and without any').toEqual(['good', 'good'])
    expect(careless).toMatchObject({ state: 'bad', text: expect.stringContaining('X-Forwarded-For') })
    await service.stop()
    const [empty] = await said(proxy.plain(RIGHT))
    expect(empty).toMatchObject({ state: 'bad', text: expect.stringContaining('answers 502') })
  },
)

function portOf({ env }: Scene): number {
  return Number(env['PORT'])
}

function signed(body: Buffer, secret: string): Readonly<Record<string, string>> {
  return {
    'content-type': 'application/json',
    'x-github-event': 'ping',
    'x-github-delivery': crypto.randomUUID(),
    'x-hub-signature-256': `sha256=${createHmac('sha256', secret).update(body).digest('hex')}`,
  }
}
