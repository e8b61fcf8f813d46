import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeInBrowser, openBrowser } from '../../inBrowser.ts'
import { type Scene, SITE, startScene } from '../support.ts'

describeInBrowser('in a browser', () => {
  let browser: Browser
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await scene[Symbol.asyncDispose]()
  })

  test('R-REP-01 a check with long logs, paths and annotations makes no page wider than a phone or a desk, opened or not', async () => {
    const { head } = await scene.gitHub.people.push(1, { message: 'long', files: {} })
    const annotation = {
      path: `src/${'a-long-folder/'.repeat(12)}file.ts`,
      start_line: 1,
      end_line: 1,
      annotation_level: 'failure' as const,
      title: 'x'.repeat(200),
      message: 'y'.repeat(300),
      raw_details: `at ${'z'.repeat(400)}`,
    }
    const output = {
      title: `Queued, place 1: run 01m8fxz6dwfxc81e, which has ${'site'.repeat(15)}.ci.example.org`,
      summary: `| Stage | Detail |\n| --- | --- |\n| \`${'s'.repeat(90)}\` | \`${'d'.repeat(90)}\` |`,
      text: `\`\`\`text\n${'l'.repeat(500)}\n\`\`\``,
      annotations: Array.from({ length: 7 }, () => annotation),
    }
    await scene.octokit.rest.checks.create({
      ...SITE,
      name: 'long',
      head_sha: head.sha,
      conclusion: 'failure',
      output,
    })
    for (const width of [390, 1280]) {
      const page = await browser.newPage({ viewport: { width, height: 800 } })
      await page.goto(`${scene.gitHub.url}/acme/site/pull/1`)
      const widest = () => page.evaluate('document.documentElement.scrollWidth')
      expect(await widest(), 'folded').toBeLessThanOrEqual(width)
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
      expect(await page.locator('.annotation pre').count()).toBe(7)
      expect(await widest(), 'opened').toBeLessThanOrEqual(width)
      await page.close()
    }
  })
})
