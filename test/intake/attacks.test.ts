import { describe, expect, test } from 'vitest'
import { buttonOf, commentOf, HEAD, PR, REPOSITORY_ID, WRITER } from './examples.ts'
import { type Scene, startScene } from './scene.ts'

const AFTER = '9999999999999999999999999999999999999999'

function comment(id: number, body: string) {
  return commentOf(body, { comment: { id, body } })
}

describe('a recipe’s name', () => {
  test.each([
    '../../etc/passwd',
    '/etc/passwd',
    'hello/../../world',
    '..%2fhello',
    '.',
    'hello\\..\\world',
    'hello\u2215world',
    '$(reboot)',
  ])(
    'R-CMD-03 with a path or a command in it, %j, names nothing: the answer says what does',
    async (name) => {
      await using scene = await startScene()
      expect((await scene.decided('issue_comment', comment(1, `!testme ${name}`))).outcome).toMatch(
        /^(bad_command|bad_argument|unknown_recipe)$/,
      )
      expect(await scene.replies()).toHaveLength(1)
      expect(await scene.store.runs({ limit: 1 })).toEqual([])
    },
  )
})

describe('letters that look like others, or like nothing', () => {
  test.each([
    '!t\u0435stme',
    '\uff01testme',
    '!testme h\u0435llo',
    '!testme\u2028hello',
    '!testme\u3000hello',
    '!testme hel\u00adlo',
    '!testme\u2063 hello',
    '!testme \u202ehello',
    `!testme ok ${HEAD.replace('e', '\u0435')}`,
  ])('R-CMD-02 R-CMD-03 %j starts and approves nothing', async (body) => {
    await using scene = await startScene()
    const { outcome } = await scene.decided('issue_comment', comment(1, body))
    expect(outcome).toMatch(/^(no_command|bad_command|bad_argument|unknown_recipe)$/)
    expect(await scene.store.runs({ limit: 1 })).toEqual([])
    expect(await scene.store.approval(String(REPOSITORY_ID), PR, HEAD)).toBeNull()
  })
})

test('R-CMD-06 permission that is taken away between the comment and its decision is not there any more', async () => {
  await using scene = await startScene()
  const gate = Promise.withResolvers<void>()
  scene.gitHub.gate = gate.promise
  const decided = scene.decided('issue_comment', comment(1, '!testme'))
  await scene.gitHub.askedFor(1)
  scene.gitHub.roles.set(WRITER.login, { id: WRITER.id, role: 'read' })
  gate.resolve()
  expect((await decided).outcome).toBe('not_permitted')
  expect(await scene.store.runs({ limit: 1 })).toEqual([])
})

test('R-CMD-05 R-CMD-07 a comment that is edited after it has approved a commit approves no other one', async () => {
  await using scene = await startScene()
  scene.gitHub.pull = { head: { sha: HEAD, repo: { id: 77, pushed_at: '2019-05-15T15:20:32Z' } } }
  expect((await scene.decided('issue_comment', comment(1, `!testme ok ${HEAD}`))).outcome).toBe('approved')
  const edited = { ...comment(1, `!testme ok ${AFTER}`), action: 'edited' }
  expect((await scene.decided('issue_comment', edited, 'd-2')).outcome).toBe('comment_edited')
  expect(await scene.store.approval(String(REPOSITORY_ID), PR, AFTER)).toBeNull()
  expect(await scene.store.approval(String(REPOSITORY_ID), PR, HEAD)).toMatchObject({ revoked: false })
})

test('R-CMD-12 a check of another App that has a run’s id on it is none of ours: its buttons do nothing', async () => {
  await using scene = await startScene()
  const own = await runWithCheck(scene)
  const elsewhere = buttonOf(own.runId, 'cancel', { check_run: { id: own.checkRunId + 1 } })
  expect((await scene.decided('check_run', elsewhere, 'd-2')).outcome).toBe('no_such_run')
  expect((await scene.store.run(own.runId))?.stop).toBeNull()
  const press = buttonOf(own.runId, 'cancel', { check_run: { id: own.checkRunId } })
  expect((await scene.decided('check_run', press, 'd-3')).outcome).toBe('stop_requested')
})

/** A run of whose check GitHub has told the number. */
async function runWithCheck({
  decided,
  store,
}: Scene): Promise<{ readonly runId: string; readonly checkRunId: number }> {
  await decided('issue_comment', comment(1, '!testme'))
  const [run] = await store.queued()
  const runId = run?.id ?? ''
  const due = await store.dueReports(Date.now(), 10)
  for (const { seq } of due.filter((report) => report.runId === runId)) {
    await store.beginReport(seq, Date.now() + 60_000)
    await store.reportSent(seq, Date.now(), 4711)
  }
  return { runId, checkRunId: 4711 }
}
