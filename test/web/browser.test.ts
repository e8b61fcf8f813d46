import { appendFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { EntryBody } from '../../src/model/journal.ts'
import { writeResult } from '../../src/store/result.ts'
import { type RunPaths, readJournal } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import { describeInBrowser, openBrowser } from '../inBrowser.ts'
import { PASSED } from '../store/samples.ts'
import { aRequest, begun, type Scene, stage, startScene, tornDown } from './scene.ts'

const REFRESH_MS = 2_000

describeInBrowser('in a browser', () => {
  let browser: Browser
  let scene: Scene
  beforeAll(async () => {
    scene = await startScene()
    browser = await openBrowser()
  })
  afterAll(async () => {
    await browser.close()
    await scene[Symbol.asyncDispose]()
  })

  test('R-OBS-03 a live page grows with its run until that is over, and breaks no rule of its own', async () => {
    const id = newRunId()
    const run = scene.folder(aRequest(id), [
      ...begun(1_000, ['check', 'deploy']),
      [4_000, { event: 'stage.started', name: 'check', containment: { kind: 'cgroup', path: '/x' } }],
    ])
    const log = join(run.stages, '01-check.log')
    writeFileSync(log, 'one\n')
    const { page, complaints } = await open(`/runs/${id}`)
    await page.locator('summary').click()
    appendFileSync(log, 'two <b>\n')
    await soon(page, () => page.locator('pre.log').textContent()).toBe('one\ntwo <b>\n')
    add(run, [
      7_000,
      { event: 'stage.ended', name: 'check', outcome: 'success', exitCode: 0, detail: '', ending: null },
    ])
    add(run, [7_000, { event: 'stage.started', name: 'deploy', containment: { kind: 'cgroup', path: '/y' } }])
    writeFileSync(join(run.stages, '02-deploy.log'), 'deploying\n')
    await soon(page, () => page.locator('pre.log').textContent()).toBe('deploying\n')
    expect(await page.locator('details').getAttribute('open')).toBe('')
    for (const line of [...stage('deploy', 8_000, 10).slice(1), ...tornDown(9_000, 5)]) add(run, line)
    add(run, [10_000, { event: 'concluded', verdict: PASSED }])
    writeResult(run, aRequest(id), readJournal(run))
    await soon(page, () => page.title()).toBe('success: hello on acme/site #12')
    expect(await page.locator('h1 + .summary .state').textContent()).toBe('success')
    expect(complaints).toEqual([])
  })

  test.each([390, 1280])(
    'R-OBS-03 without scripts, at %i px, all is there and nothing but tables and logs scrolls sideways',
    async (width) => {
      const id = newRunId()
      const names = [`${'a-long-label-of-a-domain-'.repeat(2)}pr1.ci.example.org`]
      const run = scene.folder(aRequest(id, { names, repository: `acme/${'x'.repeat(100)}` }), begun(1_000))
      writeFileSync(join(run.stages, '01-check.log'), `${'y'.repeat(500)}\n`)
      scene.hold(`w${width}.ci.test`, id, 1_000)
      for (const path of ['/', `/runs/${id}`, '/nope']) {
        const { page } = await open(path, { javaScriptEnabled: false, viewport: { width, height: 800 } })
        const { width: used } =
          (await page.locator('html').evaluate((html) => ({ width: html.scrollWidth }))) ?? {}
        expect(used, path).toBeLessThanOrEqual(width)
        await page.close()
      }
    },
  )

  async function open(path: string, options: Parameters<Browser['newContext']>[0] = {}) {
    const context = await browser.newContext(options)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    await page.clock.install()
    await page.goto(`${scene.url}${path}`)
    return { page, complaints }
  }
})

/** The page's clock is moved on until it has fetched and shown what is there: no real time passes but the requests'. */
function soon<T>(page: Page, look: () => Promise<T>) {
  return expect.poll(
    async () => {
      await page.clock.runFor(REFRESH_MS)
      return look()
    },
    { timeout: 10_000 },
  )
}

function add({ journal }: RunPaths, [at, body]: readonly [number, EntryBody]): void {
  appendFileSync(journal, `${JSON.stringify({ at, mono: at, ...body })}\n`)
}
