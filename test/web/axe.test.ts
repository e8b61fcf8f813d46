import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { hashOf, newSecret } from '../../src/web/access/secret.ts'
import { graveFaults } from '../axe.ts'
import { describeInBrowser, openBrowser } from '../inBrowser.ts'
import type { Scene } from './scene.ts'
import { startShowcase } from './showcase.ts'

const DESK = { width: 1280, height: 900 }
const PHONE = { width: 390, height: 844 }

describeInBrowser('for everybody, in a browser', () => {
  let browser: Browser
  let scene: Scene
  let run: string
  let page: Page
  const complaints: string[] = []
  beforeAll(async () => {
    const showcase = await startShowcase()
    scene = showcase.scene
    run = showcase.run
    browser = await openBrowser()
    page = await (await browser.newContext()).newPage()
    page.on('console', (message) => complaints.push(message.text()))
    await signIn()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await scene[Symbol.asyncDispose]()
  })

  async function signIn(): Promise<void> {
    const secret = newSecret()
    const made = { name: 'ada', scope: 'act', madeBy: 'root', madeAtMs: 1, endsAtMs: null } as const
    await scene.store.addToken(made, hashOf(secret))
    await page.goto(`${scene.url}/sign-in`)
    expect(await graveFaults(page)).toEqual([])
    await page.getByLabel('A token').fill(secret)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  test.each(['/', '/?q=nothing-like-it', '/sweeps', '/limits', '/reasons', '/actions', '/runs/RUN', '/nope'])(
    'R-OBS-03 axe-core finds nothing serious on %s, light and dark, at a desk and on a phone; all is loaded, and nothing is wider than the page',
    async (path) => {
      complaints.length = 0
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize(DESK)
      await page.goto(`${scene.url}${path.replace('RUN', run)}`)
      expect(complaints.filter((text) => !text.includes('404'))).toEqual([])
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
      expect(await graveFaults(page), 'light, at a desk').toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize(PHONE)
      expect(await graveFaults(page), 'dark, on a phone').toEqual([])
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
    },
    60_000,
  )

  test('R-OBS-03 by keyboard the first stop leads past the head, and what has the focus is to be seen', async () => {
    await page.goto(`${scene.url}/`)
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.textContent')).toBe('To the content')
    await page.keyboard.press('Enter')
    expect(await page.evaluate('document.activeElement.id')).toBe('main')
    await page.keyboard.press('Tab')
    expect(await page.evaluate('document.activeElement.closest("main") !== null')).toBe(true)
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).toBe('solid')
  })
})
