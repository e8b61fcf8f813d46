import { startScene, SITE } from './support.ts'
import { chromium } from 'playwright-core'
const s = await startScene()
const { gitHub, octokit } = s
const sha = async (n: number) => (await octokit.rest.pulls.get({ ...SITE, pull_number: n })).data.head.sha
const c = gitHub.people.comment(1, 'octocat', '!testme')
await octokit.rest.reactions.createForIssueComment({ ...SITE, comment_id: c.id, content: 'eyes' })
await octokit.rest.issues.createComment({ ...SITE, issue_number: 1, body: 'Queued **hello** at `' + (await sha(1)).slice(0,7) + '`, run `01JD3ZK4`.\n\n| command | does |\n|---|---|\n| `!testme` | starts a run |\n| `!testme cancel` | stops it |\n\n<script>alert(1)</script>\n\n<details><summary>Why</summary>\n\n- one\n- two [link](https://example.org) [bad](javascript:alert(1))\n\n</details>' })
gitHub.people.comment(1, 'visitor', 'Looks good. <img src=x onerror=alert(1)> & "quotes"\n\n> !testme in a quote does not count\n\n```\n!testme\n```')
const one = await octokit.rest.checks.create({ ...SITE, name: 'berth / hello', head_sha: await sha(1), external_id: '01JD3ZK4', status: 'queued', details_url: gitHub.url + '/x', output: { title: 'Waits for site-hello-pr1.ci.example.org', summary: 'Held by run `01JD`' } })
await octokit.rest.checks.update({ ...SITE, check_run_id: one.data.id, conclusion: 'success', output: { title: 'All 3 stages passed', summary: '| stage | outcome | took |\n|---|---|---|\n| deploy | success | 1.2 s |\n| check | success | 0.3 s |\n| upgrade | success | 2.0 s |\n\nTeardown verified: 3 processes ended in 40 ms.', text: '```\n$ test -f README.md\nok\n' + 'line of log that is rather long, to see whether it scrolls inside of its box and not the page\n'.repeat(40) + '```' } })
await octokit.rest.checks.create({ ...SITE, name: 'berth / hello', head_sha: await sha(1), status: 'in_progress', external_id: '01JD3ZK5', output: { title: 'Stage check', summary: '| stage | outcome | took |\n|---|---|---|\n| deploy | success | 1.2 s |\n| check | running | |' }, actions: [{ label: 'Cancel', description: 'Stop this run and take down', identifier: 'cancel' }] })
await octokit.rest.checks.create({ ...SITE, name: 'berth / hello', head_sha: await sha(2), conclusion: 'failure', external_id: '01JD3ZK6', output: { title: 'Stage check failed: exit code 1', summary: 'x' , annotations: [{path:'README.md', start_line: 1, end_line: 1, annotation_level: 'failure', message: 'is missing'}]}, actions: [] })
await gitHub.deliveries.idle()
s.receiver.answer = 500
gitHub.people.comment(2, 'octocat', '!testme')
await gitHub.deliveries.idle()
const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ['--no-sandbox'] })
for (const width of [390, 1280]) for (const scheme of ['light', 'dark'] as const) {
  if (width === 390 && scheme === 'dark') continue
  const ctx = await browser.newContext({ viewport: { width, height: 800 }, colorScheme: scheme })
  const page = await ctx.newPage()
  page.on('console', (m) => console.log('console', m.text()))
  page.on('pageerror', (m) => console.log('error', m))
  for (const [name, path] of [['list', '/'], ['pull', '/acme/site/pull/1'], ['deliveries', '/deliveries'], ['red', '/acme/site/pull/2']] as const) {
    await page.goto(gitHub.url + path)
    await page.screenshot({ path: `/tmp/shot-${name}-${width}-${scheme}.png`, fullPage: true })
    const over = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
    console.log(name, width, scheme, 'overflow', over)
  }
  await ctx.close()
}
// live: comment by form, without leaving
const page = await browser.newPage()
await page.goto(gitHub.url + '/acme/site/pull/3')
await page.fill('#body', 'half written')
gitHub.people.comment(3, 'visitor', 'from elsewhere')
await page.locator('p', {hasText:'from elsewhere'}).waitFor({ timeout: 5000 })
console.log('kept', await page.inputValue('#body'))
await page.click('button[value="!testme"]')
console.log(page.url(), await page.locator('.comment').count())
await page.click('text=Push a commit'); await page.waitForLoadState()
await page.click('text=Close'); await page.waitForLoadState()
console.log(await page.locator('h1 + .meta').innerText())
console.log(gitHub.unknownCalls())
await browser.close()
await s[Symbol.asyncDispose]()
