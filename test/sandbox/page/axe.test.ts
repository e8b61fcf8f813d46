import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { graveFaults } from '../../axe.ts'
import { describeInBrowser, openBrowser } from '../../inBrowser.ts'
import { type Scene, SITE, startScene } from '../support.ts'

describeInBrowser('for everybody, in a browser', () => {
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

  test('R-REP-01 axe-core finds nothing serious on the sandbox’s pages, light at a desk and dark on a phone, with all that a check can say', async () => {
    const { octokit, gitHub } = scene
    const { head } = await gitHub.people.push(1, { message: 'axe', files: { 'a.md': 'one\n' } })
    const { id } = gitHub.people.comment(1, 'octocat', '!testme')
    await octokit.rest.reactions.createForIssueComment({ ...SITE, comment_id: id, content: 'eyes' })
    await octokit.rest.issues.createComment({
      ...SITE,
      issue_number: 1,
      body: '> !testme\n\nQueued [hello](https://berth.test/)',
    })
    const annotation = {
      path: 'a.md',
      start_line: 1,
      end_line: 1,
      message: 'm\n'.repeat(40),
      raw_details: 'x'.repeat(400),
    }
    const levels = ['failure', 'warning', 'notice'] as const
    const output = {
      title: 'Stage deploy failed',
      summary: `| Stage | Detail |\n| --- | --- |\n| deploy | ${'d'.repeat(90)} |`,
      text: `\`\`\`text\n${'l'.repeat(300)}\n\`\`\``,
      annotations: levels.map((annotation_level) => Object.assign({ annotation_level }, annotation)),
    }
    const check = {
      ...SITE,
      head_sha: head.sha,
      output,
      actions: [{ label: 'Retry', description: 'Again', identifier: 'retry' }],
    }
    await octokit.rest.checks.create({ ...check, name: 'failed', conclusion: 'failure' })
    await octokit.rest.checks.create({ ...check, name: 'under way', status: 'in_progress' })
    await gitHub.deliveries.idle()

    const page = await browser.newPage()
    const complaints: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    for (const path of ['/', '/acme/site/pull/1', '/deliveries', `/acme/site/blob/${head.sha}/a.md`]) {
      for (const [colorScheme, width] of [
        ['light', 1280],
        ['dark', 390],
      ] as const) {
        await page.emulateMedia({ colorScheme })
        await page.setViewportSize({ width, height: 844 })
        await page.goto(`${gitHub.url}${path}`)
        expect(complaints, path).toEqual([])
        await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
        expect(await graveFaults(page), `${path}, ${colorScheme}`).toEqual([])
        complaints.length = 0
      }
    }
  }, 60_000)
})
