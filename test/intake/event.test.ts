import { expect, test } from 'vitest'
import { BUTTONS, readEvent } from '../../src/intake/event.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import type { Fields } from '../../src/model/read.ts'
import { checkBody } from '../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../src/report/extras.ts'
import { aRunRow } from '../model/policyWorld.ts'
import { buttonOf, commentOf, example, HEAD, INSTALLATION, PR, pushOf, WRITER } from './examples.ts'

function read(event: string, payload: Fields) {
  return readEvent({ event, payload: JSON.stringify(payload) })
}

test("GitHub's own example of a comment is read as what it says", () => {
  expect(read('issue_comment', commentOf('!testme'))).toEqual({
    kind: 'comment',
    repository: {
      id: '186853002',
      fullName: 'Codertocat/Hello-World',
      owner: 'Codertocat',
      name: 'Hello-World',
      cloneUrl: 'https://github.com/Codertocat/Hello-World.git',
      installationId: 7,
    },
    pr: PR,
    actor: { id: WRITER.id, login: 'Codertocat' },
    commentId: 492700400,
    body: '!testme',
    createdAtMs: Date.parse('2019-05-15T15:20:41Z'),
  })
})

test('what happens to a head is read with the time that GitHub gives it', () => {
  expect(read('pull_request', pushOf())).toMatchObject({
    kind: 'pushed',
    pr: PR,
    sha: HEAD,
    atMs: Date.parse('2019-05-15T15:20:33Z'),
  })
  expect(read('pull_request', example('pull_request', 'closed', INSTALLATION))).toMatchObject({
    kind: 'closed',
  })
  expect(read('pull_request', example('pull_request', 'reopened', INSTALLATION))).toMatchObject({
    kind: 'reopened',
  })
})

test('R-CMD-12 the buttons of a check are those that the check offers', () => {
  const verdict = { conclusion: 'success', reason: 'passed', title: 'All passed', exitCode: 0 } as const
  const rows = [aRunRow('r1'), aRunRow('r2', { state: 'concluded', concludedAtMs: 1, verdict })]
  const offered = rows.flatMap((row) => checkBody(row, EMPTY_JOURNAL, NO_EXTRAS).actions ?? [])
  expect(offered.map(({ identifier }) => identifier).sort()).toEqual([...BUTTONS].sort())
  expect(read('check_run', buttonOf('r1', 'native'))).toMatchObject({
    kind: 'button',
    button: 'rerun',
    runId: 'r1',
  })
  expect(read('check_run', buttonOf('r1', 'rerun'))).toMatchObject({ kind: 'button', button: 'rerun' })
  expect(read('check_run', buttonOf('r1', 'cancel'))).toMatchObject({ kind: 'button', button: 'cancel' })
})

const BOT = { login: 'dependabot[bot]', id: 49699333, type: 'Bot' }

test.each<readonly [string, string, Fields, string]>([
  ['an edited comment', 'issue_comment', commentOf('!testme', { action: 'edited' }), 'comment_edited'],
  ['a deleted comment', 'issue_comment', commentOf('!testme', { action: 'deleted' }), 'comment_deleted'],
  [
    'a comment on an issue',
    'issue_comment',
    commentOf('!testme', { issue: { pull_request: null } }),
    'no_pull_request',
  ],
  ["a bot's comment", 'issue_comment', commentOf('!testme', { comment: { user: BOT }, sender: BOT }), 'bot'],
  [
    "a bot's comment that a person sends",
    'issue_comment',
    commentOf('!testme', { comment: { user: BOT } }),
    'bot',
  ],
  [
    "an app's comment for a person",
    'issue_comment',
    commentOf('!testme', { comment: { performed_via_github_app: { id: 1, slug: 'helper' } } }),
    'bot',
  ],
  [
    "somebody else's comment",
    'issue_comment',
    commentOf('!testme', { sender: { id: 5, login: 'other' } }),
    'not_the_writer',
  ],
  [
    'a comment without an installation',
    'issue_comment',
    commentOf('!testme', { installation: null }),
    'no_installation',
  ],
  [
    'an opened pull request',
    'pull_request',
    example('pull_request', 'opened', INSTALLATION),
    'pull_request_opened',
  ],
  ['a finished check', 'check_run', example('check_run', 'completed', INSTALLATION), 'check_run_completed'],
  ["a bot's button", 'check_run', buttonOf('r1', 'rerun', { sender: BOT }), 'bot'],
  [
    'a button of another kind',
    'check_run',
    buttonOf('r1', 'rerun', { requested_action: { identifier: 'deploy' } }),
    'check_run_requested_action',
  ],
  ['a ping', 'ping', { zen: 'Keep it logically awesome.' }, 'event_not_used'],
  ['an event named like a part of every object', 'constructor', commentOf('!testme'), 'event_not_used'],
  [
    'an action named like a part of every object',
    'pull_request',
    pushOf({ action: 'constructor' }),
    'pull_request_constructor',
  ],
])('R-CMD-05 %s starts nothing, and the log says why', (_, event, payload, why) => {
  expect(read(event, payload)).toEqual({ kind: 'ignored', why })
})

test.each<readonly [string, Fields, string]>([
  ['a comment', { comment: null }, 'comment must be an object'],
  ['a number', { issue: { number: '2' } }, 'number must be a number'],
  ['a time', { comment: { created_at: 'yesterday' } }, 'created_at must be a time'],
  ['a repository', { repository: { clone_url: null } }, 'clone_url must be text'],
])('a payload without %s is a fault that names the field', (_, change, message) => {
  expect(() => read('issue_comment', commentOf('!testme', change))).toThrow(message)
})

test('a payload that is no JSON, or another event, is a fault', () => {
  expect(() => readEvent({ event: 'issue_comment', payload: '{' })).toThrow(SyntaxError)
  expect(() => read('issue_comment', pushOf({ action: 'created' }))).toThrow('issue must be an object')
})
