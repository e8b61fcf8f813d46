import { afterAll, beforeAll, expect, test } from 'vitest'
import { failureOf, type Scene, SITE, startScene } from '../support.ts'

let scene: Scene
let sha: string
beforeAll(async () => {
  scene = await startScene({ writesPerMinute: 1000 })
  await newCommit()
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

test('a check run is queued, goes on, ends with its conclusion, and the App hears of its beginning and its end', async () => {
  await newCommit()
  const { rest } = scene.octokit
  const { data: queued } = await rest.checks.create({
    ...SITE,
    name: 'berth / hello',
    head_sha: sha,
    external_id: 'run-1',
  })
  expect(queued).toMatchObject({
    status: 'queued',
    conclusion: null,
    external_id: 'run-1',
    completed_at: null,
  })
  expect(queued.pull_requests.map((pull) => pull.number)).toEqual([1])
  const update = (change: object) =>
    rest.checks.update({ ...SITE, check_run_id: queued.id, ...change }).then(({ data }) => data)
  expect(
    await update({ status: 'in_progress', output: { title: 'Stage check', summary: '…' } }),
  ).toMatchObject({
    status: 'in_progress',
    output: { title: 'Stage check' },
  })
  expect(await update({ conclusion: 'success' })).toMatchObject({
    status: 'completed',
    conclusion: 'success',
    completed_at: expect.stringMatching(/Z$/),
    external_id: 'run-1',
    output: { title: 'Stage check' },
  })
  expect((await rest.checks.get({ ...SITE, check_run_id: queued.id })).data.conclusion).toBe('success')
  expect(await events()).toEqual(['check_run.created', 'check_run.completed'])
})

test('a completed check run does not go back, whatever is sent', async () => {
  const { rest } = scene.octokit
  const { data: run } = await rest.checks.create({ ...SITE, name: 'a', head_sha: sha, conclusion: 'failure' })
  const { data: after } = await rest.checks.update({ ...SITE, check_run_id: run.id, status: 'in_progress' })
  expect(after).toMatchObject({ status: 'completed', conclusion: 'failure', completed_at: run.completed_at })
})

test('lists show the newest of each name unless all are asked for, newest first', async () => {
  await newCommit()
  const { rest } = scene.octokit
  const create = async (name: string) => (await rest.checks.create({ ...SITE, name, head_sha: sha })).data.id
  const ids = [await create('one'), await create('two'), await create('one')]
  await rest.checks.update({ ...SITE, check_run_id: Number(ids[1]), conclusion: 'neutral' })
  const list = async (query: object) => {
    const { data } = await rest.checks.listForRef({ ...SITE, ref: sha, ...query })
    return [data.total_count, ...data.check_runs.map((run) => run.id)]
  }
  expect(await list({})).toEqual([2, ids[2], ids[1]])
  expect(await list({ filter: 'all' })).toEqual([3, ids[2], ids[1], ids[0]])
  expect(await list({ filter: 'all', check_name: 'one' })).toEqual([2, ids[2], ids[0]])
  expect(await list({ status: 'completed' })).toEqual([1, ids[1]])
  expect(await list({ filter: 'all', per_page: 2, page: 2 })).toEqual([3, ids[0]])
  expect(await list({ ref: 'greet-visitors' })).toEqual(await list({}))
  expect(await list({ ref: 'pull/1/head' })).toEqual(await list({}))
  expect(await failureOf(list({ ref: 'no-such-branch' }))).toMatchObject({ status: 422 })
})

test('annotations add up, fifty a call', async () => {
  const { rest } = scene.octokit
  const annotation = {
    path: 'README.md',
    start_line: 1,
    end_line: 1,
    annotation_level: 'failure' as const,
    message: 'is missing',
  }
  const output = { title: 'Red', summary: '', annotations: Array.from({ length: 50 }, () => annotation) }
  const { data: run } = await rest.checks.create({ ...SITE, name: 'a', head_sha: sha, output })
  const { data: more } = await rest.checks.update({ ...SITE, check_run_id: run.id, output })
  expect(more.output.annotations_count).toBe(100)
  const { data: listed } = await rest.checks.listAnnotations({
    ...SITE,
    check_run_id: run.id,
    per_page: 60,
    page: 2,
  })
  expect(listed).toHaveLength(40)
  expect(listed[0]).toMatchObject({ ...annotation, title: null, start_column: null })
})

test.each([
  [{ path: '' }, 'path must be relative'],
  [{ path: '/etc/passwd' }, 'path must be relative'],
  [{ path: 'a/../../b' }, 'path must be relative'],
  [{ start_line: 0 }, ''],
  [{ start_line: 3 }, 'end_line is before start_line'],
  [{ end_line: 2, start_column: 1, end_column: 1 }, 'columns belong to one line'],
  [{ start_column: 0 }, ''],
  [{ message: '' }, 'message may not be blank.'],
  [{ message: 'é'.repeat(33_000) }, 'exceeds a maximum bytesize of 65536'],
  [{ title: 'x'.repeat(256) }, 'Only 255 characters are allowed; 256 were supplied.'],
])('an annotation with %j is refused', async (change, words) => {
  const annotation = {
    path: 'a.ts',
    start_line: 1,
    end_line: 1,
    annotation_level: 'notice',
    message: 'm',
    ...change,
  }
  const body = { name: 'a', head_sha: sha, output: { title: '', summary: '', annotations: [annotation] } }
  const refused = scene.octokit.request('POST /repos/acme/site/check-runs', { data: body })
  await expect(refused).rejects.toMatchObject({ status: 422, message: expect.stringContaining(words) })
})

const ACTION = { label: 'Cancel', description: 'Stops the run', identifier: 'cancel' }

test.each([
  ['no commit', { head_sha: undefined }, '"head_sha" wasn\'t supplied.'],
  ['an unknown commit', { head_sha: '0'.repeat(40) }, 'No commit found for SHA: 0000'],
  ['no name', { name: undefined }, '"name" wasn\'t supplied.'],
  ['an unknown field', { titel: 'x' }, '"titel" is not a permitted key.'],
  ['an unknown status', { status: 'running' }, '"running" is not a member of'],
  ['an end without a conclusion', { status: 'completed' }, '"conclusion" wasn\'t supplied.'],
  ['GitHub’s own conclusion', { conclusion: 'stale' }, '"stale" is not a member of'],
  ['a time that is none', { started_at: 'yesterday' }, 'is not a valid'],
  ['a link to nowhere', { details_url: 'javascript:alert(1)' }, 'details_url must use http or https'],
  ['nothing where text belongs', { external_id: null }, 'nil is not a string'],
  ['output without summary', { output: { title: 'x' } }, '"summary" wasn\'t supplied.'],
  ['output without title', { output: { summary: 'x' } }, '"title" wasn\'t supplied.'],
  [
    'a long summary',
    withSummary('x'.repeat(65_536)),
    'Only 65535 characters are allowed; 65536 were supplied.',
  ],
  ['a summary of many bytes', withSummary('é'.repeat(40_000)), 'summary exceeds a maximum bytesize of 65535'],
  [
    '51 annotations',
    { output: { title: '', summary: '', annotations: Array.from({ length: 51 }) } },
    'No more than 50',
  ],
  [
    'four buttons',
    { actions: [ACTION, ACTION, ACTION, ACTION] },
    'No more than 3 items are allowed; 4 were supplied.',
  ],
  ['a long label', { actions: [{ ...ACTION, label: 'x'.repeat(21) }] }, 'Only 20 characters are allowed; 21'],
  [
    'a long description',
    { actions: [{ ...ACTION, description: 'x'.repeat(41) }] },
    'Only 40 characters are allowed',
  ],
] satisfies readonly (readonly [string, object, string])[])(
  'a check run with %s is refused with 422 and the fault',
  async (_, change: object, fault) => {
    const { octokit, gitHub } = scene
    const before = gitHub.memory.checkRuns.size
    const call = octokit.request('POST /repos/{owner}/{repo}/check-runs', {
      ...SITE,
      name: 'berth / hello',
      head_sha: sha,
      ...change,
    })
    expect(await failureOf(call)).toMatchObject({ status: 422, message: expect.stringContaining(fault) })
    expect(gitHub.memory.checkRuns.size).toBe(before)
  },
)

test('the longest texts and the most buttons that GitHub takes are taken', async () => {
  const full = 'x'.repeat(65_535)
  const { data: run } = await scene.octokit.rest.checks.create({
    ...SITE,
    name: 'a',
    head_sha: sha,
    output: { title: 'x', summary: full, text: full },
    actions: [1, 2, 3].map((n) => ({
      label: 'l'.repeat(20),
      description: 'd'.repeat(40),
      identifier: String(n).repeat(20),
    })),
  })
  expect(run.output.text).toHaveLength(65_535)
})

test('the commit of a check run cannot be changed', async () => {
  const { octokit } = scene
  const { data: run } = await octokit.rest.checks.create({ ...SITE, name: 'a', head_sha: sha })
  const call = octokit.request('PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}', {
    ...SITE,
    check_run_id: run.id,
    head_sha: sha,
  })
  expect(await failureOf(call)).toMatchObject({
    status: 422,
    message: expect.stringContaining('"head_sha" is not a permitted key.'),
  })
})

test('a check run on a fork’s commit names no pull request, as at GitHub', async () => {
  const { octokit } = scene
  const { data: pull } = await octokit.rest.pulls.get({ ...SITE, pull_number: 3 })
  const { data: run } = await octokit.rest.checks.create({ ...SITE, name: 'a', head_sha: pull.head.sha })
  expect(run.pull_requests).toEqual([])
})

test('who may write presses buttons, and the App is told which; others are refused', async () => {
  await newCommit()
  const { octokit, gitHub } = scene
  const { data: run } = await octokit.rest.checks.create({
    ...SITE,
    name: 'a',
    head_sha: sha,
    actions: [ACTION],
  })
  gitHub.people.requestAction(run.id, 'cancel', 'octocat')
  gitHub.people.rerequest(run.id, 'octocat')
  expect(() => gitHub.people.requestAction(run.id, 'cancel', 'visitor')).toThrow('visitor has the role read')
  expect(() => gitHub.people.requestAction(run.id, 'none', 'octocat')).toThrow('offers no action none')
  expect(await events()).toEqual(['check_run.created', 'check_run.requested_action', 'check_run.rerequested'])
  expect(scene.gitHub.memory.checkRuns.get(run.id)?.status).toBe('queued')
})

/** The next tests work on a commit without check runs, and hear only of those. */
async function newCommit(): Promise<void> {
  sha = (await scene.gitHub.people.push(1, { message: 'One more', files: {} })).head.sha
  await scene.gitHub.deliveries.idle()
  scene.receiver.received.length = 0
}

function withSummary(summary: string) {
  return { output: { title: 'x', summary } }
}

async function events(): Promise<readonly string[]> {
  const { deliveries } = scene.gitHub
  await deliveries.idle()
  const heard = scene.receiver.received.length
  return deliveries
    .records()
    .slice(0, heard)
    .map((record) => `${record.event}.${record.action}`)
    .toReversed()
}
