import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { graveFaults } from '../../axe.ts'
import { describeInBrowser, openBrowser } from '../../inBrowser.ts'
import { type Scene, SITE, startScene } from '../support.ts'

describeInBrowser('for everybody, in a browser', () => {
  let browser: Browser
  let page: Page
  let scene: Scene
  let sha: string
  beforeAll(async () => {
    scene = await startScene()
    sha = await addTalk(scene)
    browser = await openBrowser()
    page = await browser.newPage()
  }, 120_000)
  afterAll(async () => {
    await browser.close()
    await scene[Symbol.asyncDispose]()
  })

  test.each(['/', '/acme/site/pull/1', '/deliveries', '/acme/site/blob/SHA/a.md'])(
    'R-REP-01 axe-core finds nothing serious on the sandbox’s %s, light at a desk and dark on a phone, with all that a check can say',
    async (path) => {
      const complaints: string[] = []
      const listen = page.on('console', (message) => complaints.push(message.text()))
      await page.emulateMedia({ colorScheme: 'light' })
      await page.setViewportSize({ width: 1280, height: 900 })
      await page.goto(`${scene.gitHub.url}${path.replace('SHA', sha)}`)
      expect(complaints).toEqual([])
      listen.removeAllListeners('console')
      await page.evaluate('for (const one of document.querySelectorAll("details")) one.open = true')
      expect(await graveFaults(page), 'light, at a desk').toEqual([])
      await page.emulateMedia({ colorScheme: 'dark' })
      await page.setViewportSize({ width: 390, height: 844 })
      expect(await graveFaults(page), 'dark, on a phone').toEqual([])
    },
    60_000,
  )
})

/** Comments, a reaction, and checks with all that a check can say. */
async function addTalk({ octokit, gitHub }: Scene): Promise<string> {
  const { head } = await gitHub.people.push(1, { message: 'axe', files: { 'a.md': 'one\n' } })
  const { id } = gitHub.people.comment(1, 'octocat', '!testme')
  await octokit.rest.reactions.createForIssueComment({ ...SITE, comment_id: id, content: 'eyes' })
  const body = '> !testme\n\nQueued [hello](https://berth.test/)'
  await octokit.rest.issues.createComment({ ...SITE, issue_number: 1, body })
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
  const actions = [{ label: 'Retry', description: 'Again', identifier: 'retry' }]
  const check = { ...SITE, head_sha: head.sha, output, actions }
  await octokit.rest.checks.create({ ...check, name: 'failed', conclusion: 'failure' })
  await octokit.rest.checks.create({ ...check, name: 'under way', status: 'in_progress' })
  await gitHub.deliveries.idle()
  return head.sha
}
