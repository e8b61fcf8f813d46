import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import axe, { type AxeResults } from 'axe-core'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newRunId } from '../../src/store/runId.ts'
import { describeInBrowser, openBrowser } from '../inBrowser.ts'
import { addPast, aFullRun } from './runShowcase.ts'
import { aRequest, begun, type Scene, startScene } from './scene.ts'

describeInBrowser('a run and its recipe in a browser', () => {
  let browser: Browser
  let scene: Scene
  let full: string
  beforeAll(async () => {
    scene = await startScene()
    await addPast(scene)
    full = await aFullRun(scene)
    browser = await openBrowser()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await scene[Symbol.asyncDispose]()
  })

  async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const page = await (await browser.newContext(options)).newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(`${scene.url}${path}`)
    return { page, complaints }
  }

  function running(text: string): { readonly id: string; readonly file: string } {
    const id = newRunId()
    const { stages } = scene.folder(aRequest(id), begun(Date.now() - 5_000, ['check']))
    const file = join(stages, '01-check.log')
    writeFileSync(file, text)
    return { id, file }
  }

  test('R-OBS-03 a log is followed as it grows, within a line too, until the reader says no', async () => {
    const { id, file } = running('one\n')
    const { page, complaints } = await open(`/runs/${id}`)
    const lines = page.locator('pre.log .line')
    const follow = page.getByRole('button', { name: 'Follow' })
    appendFileSync(file, 'tw')
    await soon(() => lines.nth(1).textContent()).toBe('tw')
    appendFileSync(file, '\u001b[31mo\u001b[0m\nthree\n')
    await soon(() => page.locator('pre.log').textContent()).toBe('one\ntwo\nthree\n')
    expect(await page.locator('pre.log .fg-1').textContent()).toBe('o')
    await follow.click()
    expect(await follow.getAttribute('aria-pressed')).toBe('false')
    appendFileSync(file, 'four\n')
    await follow.click()
    await soon(() => lines.last().textContent()).toBe('four\n')
    expect(await lines.count()).toBe(4)
    expect(complaints).toEqual([])
  })

  test.each([false, true])(
    'R-OBS-03 with scripts: %s, one searches a log and goes to a line of it',
    async (scripts) => {
      const { page } = await open(`/runs/${full}?log=02-deploy`, { javaScriptEnabled: scripts })
      if (scripts) await page.evaluate(() => Object.assign(globalThis, { stays: true }))
      await page.getByLabel('Search in').fill('disk FULL')
      await page.getByRole('button', { name: 'Search' }).click()
      await soon(() => page.getByRole('status').textContent()).toContain('1 line.')
      await page.getByRole('link', { name: '900', exact: true }).click()
      await soon(() => page.locator('#L900').textContent()).toContain('ERROR disk full')
      expect(page.url()).toContain('line=900#L900')
      await page.getByLabel('Line', { exact: true }).fill('2500')
      await page.getByRole('button', { name: 'Go' }).click()
      await soon(() => page.locator('#L2500').textContent()).toContain('layer 2500')
      if (scripts) expect(await page.evaluate(() => 'stays' in globalThis)).toBe(true)
    },
  )

  test('R-OBS-03 a link to a line that is not shown leads to the page around it, and marks it', async () => {
    const { page } = await open(`/runs/${full}?log=02-deploy#L1200`)
    const line = page.locator('#L1200')
    await soon(() => line.getAttribute('aria-current')).toBe('true')
    expect(await line.textContent()).toContain('layer 1200')
    expect(await line.evaluate((element) => element.getBoundingClientRect().top >= 0)).toBe(true)
    await page.locator('#L1205 a').click()
    expect(page.url()).toContain('line=1200#L1205')
    expect(await page.locator('.line[aria-current]').count()).toBe(1)
  })

  test('R-Q-08 a log that carries a script shows it, and runs none', async () => {
    const { page, complaints } = await open(`/runs/${full}?log=01-check`)
    expect(await page.locator('pre.log').textContent()).toContain("<script>document.title = 'owned'</script>")
    expect(await page.title()).not.toBe('owned')
    expect(complaints).toEqual([])
  })

  test.each([
    [1280, 'light'],
    [390, 'dark'],
  ] as const)(
    'R-OBS-03 at %i px, %s, axe finds nothing serious and nothing scrolls sideways',
    async (width, colorScheme) => {
      const { id } = running('a\n\u001b[33mb\u001b[0m\n')
      const look = { viewport: { width, height: 800 }, colorScheme }
      for (const path of [
        `/runs/${full}?log=01-check`,
        `/runs/${full}?log=02-deploy&find=layer+2999`,
        `/runs/${id}`,
        '/recipes/hello',
        '/recipes',
      ]) {
        const { page } = await open(path, look)
        expect(await serious(page), path).toEqual([])
        expect(await page.locator('html').evaluate((html) => html.scrollWidth), path).toBeLessThanOrEqual(
          width,
        )
        await page.context().close()
      }
    },
    120_000,
  )
})

/** As long as a busy machine takes: nothing waits for that where it is not. */
function soon<T>(look: () => Promise<T>) {
  return expect.poll(look, { timeout: 30_000 })
}

async function serious(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate<AxeResults>("axe.run(document, { resultTypes: ['violations'] })")
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' | ')}`)
}
