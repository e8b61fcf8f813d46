import { expect } from 'vitest'
import { describeInBrowser, openBrowser } from '../test/inBrowser.ts'
import { test } from './fixtures/test.ts'
import { BERTH } from './fixtures/world.ts'

const PHONE = { width: 390, height: 844 }
/** Of a run's three stages, on a loaded machine. */
const RUN_MS = 60_000

describeInBrowser('the sandbox’s pull request page', () => {
  test('R-REP-01 somebody comments `!testme` on a phone and watches the check run to its end, without a reload', async ({
    world,
  }) => {
    const sandbox = world.start([BERTH, 'sandbox', '--port', '0'], {
      env: { ...world.env, TMPDIR: world.root, LOG_LEVEL: 'fatal' },
    })
    const url = await sandbox.says(/see it at (\S+)/)
    await using browser = await openBrowser()
    const page = await browser.newPage({ viewport: PHONE })
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.goto(url)
    const [first = ''] = await page.locator('.checks .check footer code').allTextContents()

    await page.getByRole('textbox', { name: 'Comment' }).fill('!testme hello size=s')
    await page.getByRole('button', { name: 'Comment', exact: true }).click()
    await page.getByText('!testme hello size=s').first().waitFor()
    let loads = 0
    page.on('load', () => {
      loads += 1
    })
    const newest = page.locator('.checks > div > .check').first()
    const run = newest.locator('footer code')
    await newest.locator(`.state[data-state="in_progress"]`).waitFor({ timeout: RUN_MS })
    const its = await run.textContent()
    expect(its).not.toBe(first)
    await newest.locator('.state[data-state="success"]').waitFor({ timeout: RUN_MS })

    expect(await run.textContent()).toBe(its)
    expect(await newest.locator('.title').textContent()).toBe('All 3 stages passed')
    expect(await page.locator('.newest').textContent()).toContain('All 3 stages passed')
    expect(await page.locator('.reactions').last().textContent()).toContain('👀')
    expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(PHONE.width)
    expect({ loads, complaints }).toEqual({ loads: 0, complaints: [] })
    sandbox.kill('SIGINT')
    await sandbox.endedWith(0)
  })
})
