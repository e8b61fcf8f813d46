import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { expect } from 'vitest'
import { until } from '../fixtures/until.ts'
import { SITE } from '../fixtures/world.ts'
import { test } from './fixtures/test.ts'

/** Git takes all of these characters in the name of a branch. */
const BRANCH = 'x;touch${IFS}pwned;$(touch${IFS}pwned)`touch${IFS}pwned`|<b>@octocat</b>&&!testme'
const TITLE =
  '"; touch pwned; $(touch pwned) **@octocat** [x](https://evil.example) ![](https://evil.example/i.png)'

test('R-Q-08 a branch, a title, a commit and files named like shell and Markdown, with a recipe and a berth.yml of their own: the operator’s recipe runs, and nothing of theirs is run or shown', async ({
  scene,
}) => {
  const { world, gitHub } = scene
  scene.recipe('app')
  await scene.serve()
  const evil = 'stages: [{ name: evil, run: touch "$TRACE.evil" }]\nteardown: { run: touch "$TRACE.evil" }\n'
  const files = {
    'recipes/app/recipe.yml': evil,
    'recipe.yml': evil,
    'berth.yml': 'slots: 0\nstateDir: /nowhere\n',
    '$(touch pwned)': 'x',
    '-rf': 'x',
  }
  const pull = await gitHub.people.openPull({
    branch: BRANCH,
    files,
    title: TITLE,
    body: TITLE,
    author: 'octocat',
  })
  const run = await scene.testme(pull.number)
  const check = await run.completed()
  expect(check).toMatchObject({ conclusion: 'success', sha: pull.head.sha })
  expect(run.journal().flatMap((line) => (line.event === 'stage.started' ? [line.name] : []))).toEqual([
    'up',
    'check',
  ])
  expect(existsSync(join(world.root, 'trace.evil'))).toBe(false)
  const everything = readdirSync(world.root, { recursive: true }).map(String)
  expect(everything.filter((path) => /(^|\/)pwned$/.test(path))).toEqual([])
  const shown = JSON.stringify([check.output, scene.replies(pull.number), await scene.json('runs')])
  for (const text of ['touch', 'octocat</b>', 'evil.example']) expect(shown).not.toContain(text)
})

test('R-QUE-01 bodies that come slowly, or never, keep nobody else waiting, and are sent away in their time', async ({
  scene,
}) => {
  scene.recipe('app', { stages: { up: `${SITE} up` } })
  await scene.serve()
  const slow = await Promise.all(Array.from({ length: 100 }, () => slowly(Number(scene.env['PORT']))))
  await scene.comment(1, '!testme')
  expect(slow.map(({ socket }) => socket.readyState)).not.toContain('closed')
  const run = await until('the run that was asked for meanwhile', () => scene.runs()[0])
  expect((await run.completed()).conclusion).toBe('success')
  const answers = await Promise.all(slow.map(({ answer }) => answer))
  expect(new Set(answers)).toEqual(new Set(['HTTP/1.1 408 Request Timeout']))
}, 60_000)

/** A webhook whose body says that it is long, and of which one byte comes. */
async function slowly(port: number): Promise<{ readonly socket: Socket; readonly answer: Promise<string> }> {
  const socket = connect(port, '127.0.0.1')
  await once(socket, 'connect')
  const head = [
    'POST /api/github/webhooks HTTP/1.1',
    'host: x',
    'content-type: application/json',
    'x-github-event: issue_comment',
    'x-github-delivery: d',
  ]
  socket.write(
    `${[...head, `x-hub-signature-256: sha256=${'0'.repeat(64)}`, 'content-length: 10000000'].join('\r\n')}\r\n\r\n{`,
  )
  let text = ''
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1')
  })
  const answer = once(socket, 'close').then(() => text.split('\r\n')[0] ?? '')
  return { socket, answer }
}
