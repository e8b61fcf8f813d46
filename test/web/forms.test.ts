import { describe, expect, test } from 'vitest'
import type { Scope } from '../../src/model/access.ts'
import { hashOf, newSecret } from '../../src/web/access/secret.ts'
import type { WebWorld } from '../../src/web/ports.ts'
import { OWN_PAGE, type Visitor, visit } from './browser.ts'
import { aQueued, DOMAIN, type Scene, startScene } from './scene.ts'

/** What is to come is waited for, however busy the machine is. */
const SOON = { timeout: 15_000 }

const MEMBERS = (world: WebWorld): WebWorld => ({
  ...world,
  config: () => ({ ...world.config(), web: { reading: 'members' } }),
})

async function signedIn(
  scene: Scene,
  scope: Scope = 'act',
  endsAtMs: number | null = null,
): Promise<Visitor> {
  const secret = newSecret()
  const made = { name: 'ada', scope, madeBy: 'root', madeAtMs: Date.now() - 10, endsAtMs }
  await scene.store.addToken(made, hashOf(secret))
  const visitor = visit(scene)
  const answer = await visitor.post('/sign-in/token', { token: ` ${secret}\n`, to: '/runs/x' })
  expect([answer.status, answer.location]).toEqual([303, '/runs/x'])
  return visitor
}

describe('signing in with a token', () => {
  test('R-OBS-04 the cookie is for this host over TLS alone, no script sees it, and it ends with the working day or the token', async () => {
    await using scene = await startScene()
    const secret = newSecret()
    const endsAtMs = Date.now() + 60_000
    await scene.store.addToken(
      { name: 'ada', scope: 'act', madeBy: 'root', madeAtMs: 1, endsAtMs },
      hashOf(secret),
    )
    const { headers } = await visit(scene).post('/sign-in/token', { token: secret, to: '/' })
    const [cookie = ''] = headers.getSetCookie()
    expect(cookie).toMatch(/^__Host-berth=[\w-]{43}; /)
    for (const part of ['Path=/', 'HttpOnly', 'Secure', 'SameSite=Lax']) expect(cookie).toContain(part)
    expect(Number(/Max-Age=(\d+)/.exec(cookie)?.[1])).toBeLessThanOrEqual(60)
    expect(cookie).not.toContain(secret)
  })

  test('R-OBS-04 without TLS the cookie says so of itself, and all the rest holds', async () => {
    await using scene = await startScene((world) => ({ ...world, publicUrl: 'http://127.0.0.1:3000' }))
    const visitor = await signedIn(scene)
    expect([...visitor.cookies.keys()]).toEqual(['berth'])
    expect((await visitor.get('/')).text).toContain('sign out token ada')
  })

  test.each(['//evil.test', '/\\evil.test', 'https://evil.test', 'javascript:alert(1)', '/a\nb'])(
    'R-OBS-04 it never leads to %j',
    async (to) => {
      await using scene = await startScene()
      const secret = newSecret()
      await scene.store.addToken(
        { name: 'ada', scope: 'act', madeBy: 'root', madeAtMs: 1, endsAtMs: null },
        hashOf(secret),
      )
      expect((await visit(scene).post('/sign-in/token', { token: secret, to })).location).toBe('/')
    },
  )

  test('R-OBS-04 another page signs nobody in, and texts that are none get nowhere', async () => {
    await using scene = await startScene()
    const visitor = visit(scene)
    const foreign = await visitor.post(
      '/sign-in/token',
      { token: 'x', to: '/' },
      { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' },
    )
    expect([foreign.status, JSON.parse(foreign.text).code]).toEqual([403, 'cross_site'])
    for (let n = 0; n < 20; n += 1)
      expect((await visitor.post('/sign-in/token', { token: 'x', to: '/' })).status).toBe(401)
    const late = await visitor.post('/sign-in/token', { token: 'x', to: '/' })
    expect([late.status, late.text]).toEqual([429, expect.stringContaining('Too many tries')])
    expect(visitor.cookies.size).toBe(0)
  })

  test('R-OBS-04 signing out ends the session, and so does revoking its token', async () => {
    await using scene = await startScene()
    const visitor = await signedIn(scene)
    const kept = new Map(visitor.cookies)
    const out = await visitor.post('/sign-out', { csrf: await visitor.csrf() })
    expect([out.status, visitor.cookies.size]).toEqual([303, 0])
    for (const [name, value] of kept) visitor.cookies.set(name, value)
    expect((await visitor.get('/')).text).toContain('href="/sign-in"')
    await scene.store.revokeToken('ada', Date.now())
    const other = await signedIn(scene)
    await scene.store.revokeToken('ada', Date.now())
    expect((await other.get('/actions')).location).toBe('/sign-in?to=/actions')
  })
})

describe('forms', () => {
  test('R-OBS-04 a run is cancelled by its button, without a script, and the page says what came of it', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    expect((await visit(scene).get(`/runs/${run.id}`)).text).not.toContain('<button>Cancel')
    const visitor = await signedIn(scene)
    const page = await visitor.get(`/runs/${run.id}`)
    expect(page.text).toContain('<button>Cancel</button>')
    expect(page.headers.get('content-security-policy')).toContain("form-action 'self'")
    expect(page.headers.get('cache-control')).toBe('no-store')
    expect(page.headers.get('referrer-policy')).toBe('same-origin')
    const csrf = await visitor.csrf(`/runs/${run.id}`)
    const sent = await visitor.post('/act', { csrf, act: 'cancel', run: run.id })
    expect([sent.status, sent.location]).toEqual([303, expect.stringMatching(/^\/actions\/action:/)])
    expect((await visitor.get(sent.location)).text).toContain('stop requested')
    expect((await scene.store.run(run.id))?.stop).toMatchObject({ by: 'token ada' })
    expect((await visitor.get('/actions')).text).toContain(`>${run.id}</a>`)
  })

  test('R-JAN-10 R-OBS-04 a name is held by a form with its reason', async () => {
    await using scene = await startScene()
    const visitor = await signedIn(scene)
    const csrf = await visitor.csrf()
    const sent = await visitor.post('/act', {
      csrf,
      act: 'hold',
      name: DOMAIN,
      for: '10m',
      reason: '<b>repairs</b>',
    })
    await expect.poll(async () => (await visitor.get(sent.location)).text, SOON).toContain('>held: until ')
    expect((await visitor.get(sent.location)).text).toContain('&lt;b&gt;repairs&lt;/b&gt;')
    await visitor.post('/act', { csrf, act: 'release', name: DOMAIN, reason: 'done' })
    await expect
      .poll(async () => JSON.parse((await scene.get(`/api/v1/locks/${DOMAIN}`)).text).hold ?? null, SOON)
      .toBeNull()
  })

  test.each([
    ['another page', { origin: 'https://evil.test', 'sec-fetch-site': 'cross-site' }],
    ['a page beside it', { origin: 'https://other.berth.test', 'sec-fetch-site': 'same-site' }],
    ['an address that was typed', { 'sec-fetch-site': 'none' }],
    ['another page in an old browser', { origin: 'https://evil.test' }],
    ['nobody knows where', { origin: 'null' }],
    ['nobody says where', {}],
  ] as const)('R-OBS-04 a form from %s does nothing, whatever it carries', async (_, headers) => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    const visitor = await signedIn(scene)
    const csrf = await visitor.csrf()
    const { status, text } = await visitor.post('/act', { csrf, act: 'cancel', run: run.id }, headers)
    expect([status, JSON.parse(text).code]).toEqual([403, 'cross_site'])
    expect(await scene.store.actions(9)).toEqual([])
  })

  test('R-OBS-04 a form without the word of its session does nothing, nor with that of another one', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    const first = await signedIn(scene)
    const foreign = await first.csrf()
    await first.post('/sign-out', { csrf: foreign })
    await scene.store.revokeToken('ada', Date.now())
    const visitor = await signedIn(scene)
    for (const csrf of ['', foreign, 'x'.repeat(43)]) {
      const { status, text } = await visitor.post('/act', { csrf, act: 'cancel', run: run.id })
      expect([status, JSON.parse(text).code]).toEqual([403, 'cross_site'])
    }
    expect(await scene.store.actions(9)).toEqual([])
  })

  test('R-OBS-04 own pages are known by either header; who is signed out is led to sign in; who only looks does not act', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    const wish = { act: 'cancel', run: run.id }
    const stranger = await visit(scene).post('/act', { csrf: 'x', ...wish })
    expect([stranger.status, stranger.location]).toEqual([303, '/sign-in'])
    const visitor = await signedIn(scene)
    const csrf = await visitor.csrf()
    expect((await visitor.post('/act', { csrf, ...wish }, { origin: 'https://berth.test' })).status).toBe(303)
    await scene.store.revokeToken('ada', Date.now())
    const reader = await signedIn(scene, 'read')
    expect((await reader.get(`/runs/${run.id}`)).text).not.toContain('<button>Cancel')
    const answer = await reader.post('/act', { csrf: await reader.csrf(), ...wish })
    expect([answer.status, JSON.parse(answer.text).code]).toEqual([403, 'scope_missing'])
  })

  test.each([
    [{ act: 'remove' }, 'act must be one of'],
    [{ act: 'cancel' }, 'run must say which'],
    [{ act: 'hold', name: DOMAIN, reason: 'x', for: 'ever' }, 'for must be a duration'],
    [{ act: 'hold', name: DOMAIN, reason: ' ', for: '1h' }, 'reason must have'],
    [{ act: 'release', reason: 'x' }, 'run must say which'],
  ])('R-OBS-04 the form %j is refused, and the field is named', async (fields, words) => {
    await using scene = await startScene()
    const visitor = await signedIn(scene)
    const { status, text } = await visitor.post('/act', { csrf: await visitor.csrf(), ...fields })
    expect([status, JSON.parse(text).detail]).toEqual([400, expect.stringContaining(words)])
  })

  test('R-OBS-04 a cookie is worth nothing at the API', async () => {
    await using scene = await startScene()
    const run = aQueued()
    await scene.queue(run)
    const visitor = await signedIn(scene)
    const { status } = await visitor.post(
      `/api/v1/runs/${run.id}/cancel`,
      {},
      { ...OWN_PAGE, 'content-type': 'application/json' },
    )
    expect(status).toBe(401)
  })
})

describe('where not everybody may look', () => {
  test('R-OBS-04 pages lead to where one signs in, programs are told, and only what watches the service is open', async () => {
    await using scene = await startScene(MEMBERS)
    const run = aQueued()
    await scene.queue(run)
    for (const path of ['/', `/runs/${run.id}`, '/reasons', '/actions'])
      expect((await visit(scene).get(path)).location, path).toBe(`/sign-in?to=${encodeURIComponent(path)}`)
    for (const path of [
      '/api/v1/runs',
      '/api/v1/openapi.json',
      '/metrics',
      '/badges/acme/site/hello.svg',
      `/runs/${run.id}/logs/x`,
    ]) {
      const { status, text } = await scene.get(path)
      expect([path, status, JSON.parse(text).code]).toEqual([path, 401, 'not_signed_in'])
    }
    for (const path of ['/healthz', '/readyz', '/assets/style.css', '/sign-in'])
      expect((await scene.get(path)).status, path).toBe(200)
  })

  test('R-OBS-04 a token that only looks is enough, in a header or signed in', async () => {
    await using scene = await startScene(MEMBERS)
    const secret = newSecret()
    await scene.store.addToken(
      { name: 'prometheus', scope: 'read', madeBy: 'root', madeAtMs: 1, endsAtMs: null },
      hashOf(secret),
    )
    const headers = { authorization: `Bearer ${secret}` }
    for (const path of ['/metrics', '/api/v1/runs', '/'])
      expect((await fetch(`${scene.url}${path}`, { headers })).status).toBe(200)
    const visitor = await signedIn(scene, 'read')
    expect((await visitor.get('/')).status).toBe(200)
  })
})
