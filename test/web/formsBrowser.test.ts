import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashOf, newSecret } from '../../src/web/access/secret.ts'
import { describeInBrowser, openBrowser } from '../inBrowser.ts'
import { aQueued, type Scene, startScene } from './scene.ts'

describeInBrowser('forms in a browser', () => {
  let browser: Browser
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene((world) => ({ ...world, publicUrl: 'http://127.0.0.1' }))
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await scene[Symbol.asyncDispose]()
  })

  async function signedIn(javaScriptEnabled: boolean) {
    const secret = newSecret()
    await scene.store.revokeToken('ada', Date.now())
    const made = { name: 'ada', scope: 'act', madeBy: 'root', madeAtMs: 1, endsAtMs: null } as const
    await scene.store.addToken(made, hashOf(secret))
    const page = await (await browser.newContext({ javaScriptEnabled })).newPage()
    await page.goto(`${scene.url}/`)
    await page.getByRole('link', { name: 'sign in' }).click()
    await page.getByLabel('A token').fill(secret)
    await page.getByRole('button', { name: 'Sign in' }).click()
    return page
  }

  test.each([false, true])(
    'R-OBS-03 R-OBS-04 with scripts: %s, somebody signs in, cancels a run and signs out',
    async (scripts) => {
      const run = aQueued()
      await scene.queue(run)
      const page = await signedIn(scripts)
      await page.goto(`${scene.url}/runs/${run.id}`)
      await page.getByRole('button', { name: 'Cancel' }).click()
      expect(await page.getByRole('status').textContent()).toBe('stop requested')
      expect((await scene.store.run(run.id))?.stop).toMatchObject({ by: 'token ada' })
      await page.goto(`${scene.url}/`)
      await page.getByRole('button', { name: 'sign out token ada' }).click()
      expect(await page.getByRole('link', { name: 'sign in' }).count()).toBe(1)
    },
  )

  test('R-OBS-04 a page of another site that sends the form in somebody’s browser does nothing', async () => {
    const run = aQueued()
    await scene.queue(run)
    const page = await signedIn(true)
    await page.goto(`${scene.url}/runs/${run.id}`)
    const csrf = await page.locator('input[name=csrf]').first().inputValue()
    const fields = Object.entries({ csrf, act: 'cancel', run: run.id }).map(
      ([name, value]) => `<input name="${name}" value="${value}">`,
    )
    const foreign = createServer((_, response) =>
      response
        .writeHead(200, { 'content-type': 'text/html' })
        .end(
          `<form method="post" action="${scene.url}/act">${fields.join('')}<button>Win a prize</button></form>`,
        ),
    )
    await new Promise<void>((resolve) => foreign.listen(0, '127.0.0.1', resolve))
    await page.goto(`http://localhost:${(foreign.address() as AddressInfo).port}/`)
    await page.getByRole('button').click()
    await page.waitForURL(`${scene.url}/**`)
    foreign.closeAllConnections()
    foreign.close()
    expect((await scene.store.run(run.id))?.stop).toBeNull()
  })
})
