import { closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { noteHold } from '../../src/lock/holds.ts'
import { lockExclusively } from '../../src/lock/lockFile.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { dropTicket, takeTicket } from '../../src/lock/tickets.ts'
import { collectorIn } from '../../src/model/annotations.ts'
import { writeAnnotations } from '../../src/store/annotations/file.ts'
import { newRunId } from '../../src/store/runId.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { ENDING } from '../model/endings.ts'
import { PASSED, SHA } from '../store/samples.ts'
import { aQueued, aRequest, begun, DOMAIN, type Scene, stage, startScene, tornDown } from './scene.ts'

let scene: Scene
beforeAll(async () => {
  scene = await startScene()
})
afterAll(async () => {
  await scene[Symbol.asyncDispose]()
})

const HOSTILE = '<script>alert(1)</script>"\'><img src=x onerror=alert(2)>\u001b[31m\u001b]0;\u202e\u009b'
/** What may act in a page, a terminal or a reader's eye: tags, control characters, and those that turn text around. */
const ACTIVE = /<script>|<img|(?![\n\t])[\p{Cc}\p{Cf}]/u

describe('the overview', () => {
  test('R-OBS-03 shows who has each name, since when, who waits for it, and the queue in order', async () => {
    const nowMs = Date.now()
    const first = aQueued({ enqueuedAtMs: nowMs - 3 })
    const second = aQueued({ enqueuedAtMs: nowMs - 2 })
    const third = aQueued({ enqueuedAtMs: nowMs - 1, names: [DOMAIN, 'r:gpu'], pr: 13 })
    await scene.queue(first, second, third)
    await scene.change(first.id, { state: 'starting', startedAtMs: nowMs })
    await scene.change(first.id, { state: 'running', stage: 'deploy' })
    await scene.change(second.id, { waitsFor: `run ${first.id}, which has ${DOMAIN}` })
    scene.hold(DOMAIN, first.id, nowMs - 65_000)
    const ticket = takeTicket(scene.state, [DOMAIN], `run ${second.id} (service)`)
    const { text, status } = await scene.get('/')
    dropTicket(scene.state, ticket)
    expect(status).toBe(200)
    const lane = laneOf(text, DOMAIN)
    expect(lane).toContain('data-state="busy"')
    expect(lane).toContain(`Held by <a href="/runs/${first.id}">hello on acme/site #12</a>`)
    expect(lane).toMatch(/since <time datetime="[^"]+Z" title="[^"]+">\S+ UTC<\/time>, 1m\ds ago/)
    expect(lane).toContain(`pid ${process.pid}`)
    expect([...lane.matchAll(/<li><a href="\/runs\/(\w+)"/g)].map(([, id]) => id)).toEqual([
      second.id,
      third.id,
    ])
    expect(laneOf(text, 'r:gpu')).toContain('Nobody has it.')
    const queue = sectionOf(text, 'queue')
    expect(queue.indexOf(second.id)).toBeLessThan(queue.indexOf(third.id))
    expect(queue).toContain(`run <a class="id" href="/runs/${first.id}">${first.id}</a>, which has ${DOMAIN}`)
    expect(sectionOf(text, 'live')).toMatch(/running<\/span>[\s\S]*deploy/)
    expect(text).toContain('1 of 4 slots in use')
  })

  test('R-OBS-03 a dirty name says which run left it, and one held by hand says by whom, why and until when', async () => {
    await using scene = await startScene()
    const run = newRunId()
    const names = ['old.ci.test']
    scene.folder(aRequest(run, { names, pr: 9 }), [...begun(1_000), ...tornDown(2_000, 10, ['process 4711'])])
    addOpenRun(scene.state, { run, locks: names, since: 1_000 })
    const fd = lockExclusively(lockPath(scene.state, 'r:license'))
    const by = {
      name: 'r:license',
      by: 'jo',
      reason: '<b>renewal</b>',
      untilMs: Date.now() + 60_000,
      order: null,
    }
    noteHold(scene.state, by, process.pid)
    const { text } = await scene.get('/')
    closeSync(fd ?? -1)
    expect(laneOf(text, 'old.ci.test')).toContain(
      `Left uncleaned by <a href="/runs/${run}">hello on acme/site #9</a>`,
    )
    expect(laneOf(text, 'old.ci.test')).toContain('data-state="dirty"')
    expect(laneOf(text, 'r:license')).toMatch(
      /Held by hand by jo until <time[^>]+>\S+ UTC<\/time>: &lt;b&gt;renewal&lt;\/b&gt;/,
    )
  })

  test('R-REP-04 a report that was given up is on the page, with its reason', async () => {
    const run = aQueued()
    await scene.queue(run)
    const due = await scene.store.dueReports(Number.MAX_SAFE_INTEGER, 100)
    const report = due.find(({ runId }) => runId === run.id)
    await scene.store.reportFailed(report?.seq ?? 0, 'HTTP 403: <nothing>', Date.now())
    const { text } = await scene.get('/')
    expect(sectionOf(text, 'unsent')).toContain('HTTP 403: &lt;nothing&gt;')
    expect(sectionOf(text, 'unsent')).toContain(run.id)
  })

  test('R-QUE-11 a run whose record cannot be read is shown as broken and counted; everything else is shown as ever', async () => {
    const [broken, other] = [aQueued(), aQueued()]
    await scene.queue(broken, other)
    using records = new DatabaseSync(scene.state.database)
    const stop = '{"reason":"new_word","by":"x","atMs":1}'
    records.prepare('UPDATE runs SET stop = ? WHERE id = ?').run(stop, broken.id)
    const { text, status } = await scene.get('/')
    expect(status).toBe(200)
    expect(sectionOf(text, 'broken')).toContain(broken.id)
    expect(sectionOf(text, 'broken')).toContain('reason must be one of')
    expect(sectionOf(text, 'queue')).toContain(other.id)
    expect(sectionOf(text, 'queue')).not.toContain(broken.id)
    for (const path of ['/api/v1/queue', '/api/v1/runs']) {
      const answer = await scene.get(path)
      expect(answer.status).toBe(200)
      expect(JSON.parse(answer.text).broken).toMatchObject([{ id: broken.id, state: 'queued' }])
    }
    const page = await scene.get(`/runs/${broken.id}`)
    expect(page.status).toBe(200)
    expect(page.text).toContain('data-state="queued"')
    expect(page.text).toContain('reason must be one of')
    expect((await scene.get('/metrics')).text).toContain('berth_runs_broken 1')
  })

  test('what has ended is listed with conclusion, title and duration, newest first', async () => {
    const runs = [aQueued({ enqueuedAtMs: 5_000 }), aQueued({ enqueuedAtMs: 6_000 })]
    await scene.queue(...runs)
    for (const { id } of runs) {
      await scene.change(id, { state: 'starting', startedAtMs: 10_000 })
      await scene.change(id, { state: 'concluded', concludedAtMs: 75_400, verdict: PASSED })
    }
    const ended = sectionOf((await scene.get('/')).text, 'concluded')
    expect(ended.indexOf(runs[1]?.id ?? '?')).toBeLessThan(ended.indexOf(runs[0]?.id ?? ''))
    expect(ended).toContain('All 2 stages passed')
    expect(ended).toContain('1m5s')
  })
})

describe('a run’s page', () => {
  test('R-OBS-03 shows facts, timeline, teardown, journal and log without a script', async () => {
    const run = aQueued()
    await scene.queue(run)
    await scene.change(run.id, { state: 'starting', startedAtMs: 1_500 })
    const paths = scene.folder(aRequest(run.id), [
      ...begun(2_000),
      ...stage('check', 4_000, 3_000),
      ...stage('deploy', 7_000, 61_000, 'failure'),
      ...tornDown(68_000, 1_500),
      [
        70_000,
        { event: 'concluded', verdict: { ...PASSED, conclusion: 'failure', title: 'Stage deploy failed' } },
      ],
    ])
    writeFileSync(join(paths.stages, '02-deploy.log'), 'first line\n\u001b[31mred\u001b[0m <b>bold</b>\n')
    const { text, status } = await scene.get(`/runs/${run.id}`)
    expect(status).toBe(200)
    expect(text).toContain('<h1>hello on acme/site #12</h1>')
    expect(text).toContain('<a href="https://github.test/acme/site/pull/12" rel="noreferrer">')
    expect(text).toContain(SHA)
    expect(text).toContain('Stage deploy failed')
    const timeline = sectionOf(text, 'timeline')
    const rows = [
      ...timeline.matchAll(
        /<li data-state="\w+"><span class="step">(?:<a [^>]+>)?([^<]+)[\s\S]*?class="state" data-state="(\w+)"[\s\S]*?class="took">([^<]*)/g,
      ),
    ]
    expect(rows.map(([, name, state, took]) => [name, state, took])).toEqual([
      ['waited', 'over', expect.stringMatching(/^\d/)],
      ['checkout', 'success', '2s'],
      ['check', 'success', '3s'],
      ['deploy', 'failure', '1m1s'],
      ['stays-up', 'not_begun', ''],
      ['teardown', 'success', '1s'],
    ])
    expect(timeline).toContain(`<a href="/runs/${run.id}?log=02-deploy#log">deploy</a>`)
    expect(sectionOf(text, 'teardown')).toContain(
      'Teardown (2s): 3 processes ended; verified, nothing is left.',
    )
    expect(sectionOf(text, 'journal')).toContain('teardown.ended')
    expect(logOf(text)).toBe('first line\nred &lt;b&gt;bold&lt;/b&gt;\n')
    expect(text).toContain('<span class="fg-1">red</span>')
    expect(text).toContain('data-refresh="no"')
  })

  test('R-RUN-07 R-OBS-03 says what was ended of it, what shows that, and how its locks stand', async () => {
    const id = newRunId()
    scene.folder(aRequest(id), [
      ...begun(2_000),
      [3_000, { event: 'stage.started', name: 'deploy', containment: { kind: 'cgroup', path: '/x' } }],
      [
        9_000,
        {
          event: 'stage.ended',
          name: 'deploy',
          outcome: 'cancelled',
          exitCode: null,
          detail: 'signal SIGTERM',
          ending: ENDING,
        },
      ],
      ...tornDown(9_500, 1_500),
      [12_000, { event: 'concluded', verdict: { ...PASSED, conclusion: 'cancelled', title: 'Cancelled' } }],
    ])
    const { text } = await scene.get(`/runs/${id}`)
    const words =
      '7 processes were asked to end (TERM), 2 were still there after the grace of 10s and got KILL; all gone after 10.1s: cgroup empty and removed'
    expect(sectionOf(text, 'timeline')).toContain(`signal SIGTERM; ${words}`)
    expect(sectionOf(text, 'teardown')).toContain(`Stage deploy: ${words}.`)
    expect(sectionOf(text, 'teardown')).toContain('Locks: released, ')
    const told = JSON.parse((await scene.get(`/api/v1/runs/${id}`)).text)
    expect(told.proof.map(({ what }: { what: string }) => what)).toEqual(['Stage', 'Teardown (2s)', 'Locks'])
  })

  test('R-OBS-03 R-OBS-04 what stages said of files is shown with links to the lines at the run’s commit, harmless, and the API has it', async () => {
    const run = newRunId()
    const folder = scene.folder(aRequest(run), [...begun(1_000), ...stage('check', 3_000, 10, 'failure')])
    const { add, fault, all } = collectorIn('/w')
    const remark = { level: 'warning', endLine: 4, startColumn: null, endColumn: null } as const
    add({ ...remark, path: 'docs/a b.md', line: 3, title: 'Typo', message: HOSTILE, details: HOSTILE })
    add({
      ...remark,
      path: null,
      line: null,
      level: 'failure',
      title: null,
      message: 'nowhere',
      details: null,
    })
    fault(`annotations.ndjson:7: ${HOSTILE}`)
    writeAnnotations(folder, all())
    const { text } = await scene.get(`/runs/${run}`)
    const section = sectionOf(text, 'annotations')
    expect(section).toContain('1 failure, 1 warning.')
    expect(section).toContain(`href="https://github.test/acme/site/blob/${SHA}/docs/a%20b.md#L3-L4"`)
    expect(section).toContain('<strong>Typo</strong>')
    expect(section).toContain('nowhere in the repository')
    expect(section).toContain('1 could not be read')
    expect(text).not.toMatch(ACTIVE)
    const { annotations } = JSON.parse((await scene.get(`/api/v1/runs/${run}`)).text)
    expect(annotations).toMatchObject({ found: { failure: 1, warning: 1, notice: 0 }, faultCount: 1 })
    expect(annotations.placed).toMatchObject([{ path: 'docs/a b.md', line: 3, endLine: 4, title: 'Typo' }])
  })

  test('a run that goes on is to be looked at again, and shows the log of what is under way', async () => {
    const id = newRunId()
    const paths = scene.folder(aRequest(id), [
      ...begun(2_000),
      ...stage('check', 4_000, 3_000),
      [7_000, { event: 'stage.started', name: 'deploy', containment: { kind: 'cgroup', path: '/x' } }],
    ])
    writeFileSync(join(paths.stages, '01-check.log'), 'checked\n')
    writeFileSync(join(paths.stages, '02-deploy.log'), 'deploying\n')
    const { text } = await scene.get(`/runs/${id}`)
    expect(text).toContain('data-refresh="yes"')
    expect(logOf(text)).toBe('deploying\n')
    expect(sectionOf(text, 'timeline')).toMatch(/stays-up<\/span>\s*<span class="state" data-state="to_come"/)
    expect(logOf((await scene.get(`/runs/${id}?log=01-check`)).text)).toBe('checked\n')
    expect((await scene.get(`/runs/${id}?log=../../request`)).status).toBe(404)
  })

  test('a queued run says its place and what it waits for; a run of `berth run` has a page from its folder alone', async () => {
    const run = aQueued({ priority: 1 })
    await scene.queue(run)
    expect((await scene.get(`/runs/${run.id}`)).text).toContain(
      'Place 1 in the queue; it waits for its turn.',
    )
    const own = newRunId()
    scene.folder(
      aRequest(own, { repository: 'folder', pr: 0, cloneUrl: '/home/me/site', foreground: true }),
      begun(1_000),
    )
    const { text } = await scene.get(`/runs/${own}`)
    expect(text).toContain('<h1>hello on folder</h1>')
    expect(text).not.toContain('/home/me')
  })

  test('a run whose teardown is not verified says that its names stay dirty, and names what is left', async () => {
    const id = newRunId()
    scene.folder(aRequest(id), [
      ...begun(1_000),
      ...tornDown(5_000, 10, ['network <x>']),
      [
        6_000,
        { event: 'concluded', verdict: { ...PASSED, conclusion: 'failure', reason: 'teardown_unverified' } },
      ],
    ])
    const { text } = await scene.get(`/runs/${id}`)
    expect(text).toContain('Not cleaned')
    expect(sectionOf(text, 'teardown')).toContain('network &lt;x&gt;')
    expect(text).toContain('data-refresh="yes"')
  })

  test('a folder that cannot be read is named as such, and the rest is shown', async () => {
    const id = newRunId()
    const paths = scene.folder(aRequest(id), begun(1_000))
    writeFileSync(paths.journal, '{"event":\nmore\n')
    const { text, status } = await scene.get(`/runs/${id}`)
    expect(status).toBe(200)
    expect(text).toContain('journal.ndjson cannot be read')
    expect(text).toContain('hello on acme/site #12')
  })
})

describe('text from outside', () => {
  test('R-Q-08 does nothing in a page, wherever it stands', async () => {
    const run = aQueued({
      recipe: HOSTILE,
      repository: HOSTILE,
      actor: HOSTILE,
      arguments: { [HOSTILE]: HOSTILE },
      names: ['hostile.ci.test'],
      domain: HOSTILE,
      cloneUrl: 'javascript:alert(1)//',
    })
    await scene.queue(run)
    await scene.change(run.id, { waitsFor: HOSTILE })
    const { arguments: args, recipe, repository, actor, cloneUrl } = run
    const request = aRequest(run.id, {
      arguments: args,
      recipe,
      repository,
      actor,
      cloneUrl,
      names: run.names,
    })
    const verdict = { ...PASSED, conclusion: 'failure', title: HOSTILE } as const
    const folder = scene.folder(request, [
      ...begun(1_000, [HOSTILE, 'b']),
      [
        2_000,
        { event: 'stage.started', name: HOSTILE, containment: { kind: 'sweep', run: HOSTILE, stage: '' } },
      ],
      [
        3_000,
        {
          event: 'stage.ended',
          name: HOSTILE,
          outcome: 'failure',
          exitCode: 1,
          detail: HOSTILE,
          ending: { ...ENDING, proofs: [], left: [HOSTILE] },
        },
      ],
      ...tornDown(4_000, 1, [HOSTILE]),
      [5_000, { event: 'concluded', verdict }],
    ])
    writeFileSync(join(folder.stages, `01-${encodeURIComponent(HOSTILE)}.log`), HOSTILE)
    const ticket = takeTicket(scene.state, run.names, HOSTILE)
    const pages = [await scene.get('/'), await scene.get(`/runs/${run.id}`)]
    dropTicket(scene.state, ticket)
    for (const { text, status } of pages) {
      expect(status).toBe(200)
      expect(text).toContain('&lt;script&gt;alert(1)&lt;/script&gt;')
      expect(text).not.toMatch(ACTIVE)
      expect(text).not.toContain('href="javascript:')
    }
    for (const path of ['/api/v1/runs', '/api/v1/queue', '/api/v1/locks', `/api/v1/runs/${run.id}`])
      expect((await scene.get(path)).text).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]|\\u00|javascript:/u)
  })
})

/** The card of a name, up to the next one. */
function laneOf(page: string, name: string): string {
  const card = page
    .split('<li class="lane"')
    .find((part) => part.includes(`<span class="name">${name}</span>`))
  if (card === undefined) throw new Error(`the page has no lane of ${name}`)
  return card.split('</section>')[0] ?? ''
}

/** What is shown of the log, without its markup. */
function logOf(page: string): string | undefined {
  return /<pre class="log"[^>]*>([\s\S]*?)<\/pre>/.exec(page)?.[1]?.replaceAll(/<[^>]*>/g, '')
}

function sectionOf(page: string, id: string): string {
  const section = page.split('<section').find((part) => part.includes(`id="${id}"`))
  if (section === undefined) throw new Error(`the page has no section ${id}`)
  return section
}
