import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { newRunId } from '../../src/store/runId.ts'
import { aRequest, begun, type Scene, startScene } from './scene.ts'

describe('safe answers', () => {
  test('R-Q-08 every answer forbids inline scripts, sniffing and referrers', async () => {
    await using scene = await startScene()
    const id = withLog(scene, 'x\n')
    for (const path of [
      '/',
      '/reasons',
      `/runs/${id}`,
      `/runs/${id}/logs/01-check`,
      '/api/v1/runs',
      '/nope',
      '/assets/live.js',
      '/metrics',
    ]) {
      const { headers } = await scene.get(path)
      const policy = headers.get('content-security-policy') ?? ''
      expect(policy, path).toContain("default-src 'none'")
      expect(policy, path).not.toContain('unsafe')
      expect(headers.get('x-content-type-options'), path).toBe('nosniff')
      expect(headers.get('referrer-policy'), path).toBe('no-referrer')
    }
    for (const path of ['/', `/runs/${id}`]) {
      const { text } = await scene.get(path)
      expect(text).not.toMatch(
        /<script(?! type="module" src="\/assets\/(?:live|log)\.js"><\/script>)|<style| style=| on\w+=/,
      )
    }
  })

  test('a page says its language, its title and has one heading of the first rank', async () => {
    await using scene = await startScene()
    const id = withLog(scene, 'x\n')
    for (const path of ['/', '/reasons', `/runs/${id}`, '/nope']) {
      const { text } = await scene.get(path)
      expect(text).toContain('<html lang="en">')
      expect(text).toMatch(/<title>[^<]+<\/title>/)
      expect(text.match(/<h1>/g)).toHaveLength(1)
    }
  })

  test.each([
    '/runs/../../etc/passwd',
    '/runs/..%2f..%2fetc%2fpasswd',
    '/runs/..%2flocks',
    '/runs/..%2fruns',
    '/runs/%zz',
    '/runs/0123456789abcdeu',
    '/runs/0123456789abcdef',
    '/assets/../app.ts',
    '/assets/..%2fapp.ts',
    '/assets/constructor',
    '/assets/__proto__',
    '/nope',
  ])('%s is not found, and the page says the way out', async (path) => {
    await using scene = await startScene()
    const answer = await scene.rawGet(path)
    expect(answer).toMatch(/^HTTP\/1\.1 404 /)
    expect(answer).toContain('href="/">overview</a>')
    expect(answer).not.toMatch(/root:|createWeb/)
  })

  test('nothing can be changed here', async () => {
    await using scene = await startScene()
    const response = await fetch(`${scene.url}/api/v1/runs`, { method: 'POST', body: '{}' })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe('GET, HEAD')
    expect((await fetch(scene.url, { method: 'HEAD' })).status).toBe(200)
  })

  test('a fault is a page that says what is wrong and what to do, and a line in the log', async () => {
    await using scene = await startScene((world) => ({
      ...world,
      store: { ...world.store, queued: () => Promise.reject(new Error('database is <locked>')) },
    }))
    const page = await scene.get('/')
    expect(page.status).toBe(500)
    expect(page.text).toContain('database is &lt;locked&gt;')
    expect(page.text).toContain('berth locks')
    const api = await scene.get('/api/v1/queue')
    expect([api.status, JSON.parse(api.text)]).toMatchObject([
      500,
      { type: '/reasons#fault', status: 500, code: 'fault', detail: 'database is <locked>' },
    ])
    expect(scene.faults).toMatchObject([{ event: 'web.failed', path: '/' }, { path: '/api/v1/queue' }])
  })

  test('many open pages cost one look at the names in half a second', async () => {
    let [nowMs, looks] = [10_000, 0]
    const counted = () => {
      looks += 1
      return []
    }
    await using scene = await startScene((world) => ({ ...world, names: counted, now: () => nowMs }))
    for (const atMs of [10_000, 10_300, 10_499, 10_500, 9_000]) {
      nowMs = atMs
      await scene.get('/')
    }
    expect(looks).toBe(3)
  })
})

describe('health', () => {
  test('alive is alive, ready is ready, and what stands in its way is said with 503', async () => {
    await using scene = await startScene()
    expect(await scene.get('/healthz')).toMatchObject({ status: 200, text: 'alive\n' })
    expect(await scene.get('/readyz')).toMatchObject({ status: 200, text: 'ready\n' })
    scene.readiness.reasons = ['GitHub refuses the App’s key', 'the disk is full']
    const { status, text } = await scene.get('/readyz')
    expect(status).toBe(503)
    expect(text).toBe('not ready:\n- GitHub refuses the App’s key\n- the disk is full\n')
    expect((await scene.get('/healthz')).status).toBe(200)
  })

  test('a check of readiness that fails itself is not ready', async () => {
    await using scene = await startScene((world) => ({
      ...world,
      ready: () => Promise.reject(new Error('no store')),
    }))
    expect(await scene.get('/readyz')).toMatchObject({
      status: 503,
      text: 'not ready:\n- the check itself failed: no store\n',
    })
  })
})

describe('logs', () => {
  test('R-OBS-03 a log is plain text without escapes, from any byte on, in whole lines', async () => {
    await using scene = await startScene()
    const id = withLog(scene, '\u001b[1mone\u001b[0m\r\ntwo\rthree\nun')
    const url = `/runs/${id}/logs/01-check`
    const whole = await scene.get(url)
    expect(whole.headers.get('content-type')).toBe('text/plain; charset=utf-8')
    expect(whole.headers.get('content-security-policy')).toContain('sandbox')
    expect(whole.text).toBe('one\ntwo\nthree\nun')
    const first = await scene.get(`${url}?from=0`)
    expect(first.text).toBe('one\ntwo\nthree\n')
    const rest = await scene.get(`${url}?from=${first.headers.get('berth-next')}`)
    expect(rest.text).toBe('un')
    const none = await scene.get(`${url}?from=${rest.headers.get('berth-next')}`)
    expect([none.text, none.headers.get('berth-next')]).toEqual(['', rest.headers.get('berth-next')])
    expect((await scene.get(`${url}?from=-9`)).text).toBe('')
    expect((await scene.get(`/runs/${id}/logs/check`)).text).toBe(whole.text)
  })

  test('a log of many pieces arrives whole, and characters are never cut', async () => {
    await using scene = await startScene()
    const line = `${'é€😀'.repeat(40)}\n`
    const text = `${line.repeat(2_000)}${'€'.repeat(200_000)}😀${'é'.repeat(200_000)}x${'😀'.repeat(100_000)}`
    const id = withLog(scene, text)
    expect((await scene.get(`/runs/${id}/logs/01-check`)).text).toBe(text)
    expect((await scene.get(`/runs/${id}/logs/01-check?from=-10`)).text).toBe('😀😀')
  })

  test('R-Q-08 an escape that never ends hides nothing', async () => {
    await using scene = await startScene()
    const id = withLog(scene, 'before\n\u001b]0;title\nafter <script>alert(1)</script>\n')
    expect((await scene.get(`/runs/${id}/logs/01-check`)).text).toBe(
      'before\n0;title\nafter <script>alert(1)</script>\n',
    )
    expect((await scene.get(`/runs/${id}`)).text).toContain('after &lt;script&gt;')
  })

  test.each(['..%2f..%2frequest.json', '..', 'constructor', '01-check.log', '.hidden', '02-none'])(
    'the log %s is not found',
    async (log) => {
      await using scene = await startScene()
      const id = withLog(scene, 'x\n')
      expect(await scene.rawGet(`/runs/${id}/logs/${log}`)).toMatch(/^HTTP\/1\.1 404 /)
      expect(await scene.rawGet(`/runs/..%2fruns%2f${id}/logs/01-check`)).toMatch(/^HTTP\/1\.1 404 /)
    },
  )

  test('a position that is none is refused with the reason', async () => {
    await using scene = await startScene()
    const id = withLog(scene, 'x\n')
    expect(await scene.get(`/runs/${id}/logs/01-check?from=end`)).toMatchObject({
      status: 400,
      text: expect.stringContaining('number of a byte'),
    })
  })
})

function withLog(scene: Scene, text: string): string {
  const id = newRunId()
  const { stages } = scene.folder(aRequest(id), begun(1_000))
  writeFileSync(join(stages, '01-check.log'), text)
  return id
}
