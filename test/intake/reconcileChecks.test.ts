import { expect, test } from 'vitest'
import type { NewReport } from '../../src/model/report.ts'
import { findPull } from '../../src/sandbox/github/memory.ts'
import { SITE } from '../sandbox/support.ts'
import { aCheck, aDecision, aDelivery, aRun, PASSED } from '../store/samples.ts'
import { type LookWorld, lookWorld } from './reconcileWorld.ts'

type CheckStatus = 'queued' | 'in_progress'

function shaOf({ gitHub }: LookWorld): string {
  return findPull(gitHub.memory, gitHub.repository.id, 1)?.head.sha ?? ''
}

/** GitHub's check run of a run; resolves to its id. */
async function checkOnGitHub(world: LookWorld, run: string, end: CheckStatus | 'success' | 'failure') {
  const isOver = end === 'success' || end === 'failure'
  const { data } = await world.octokit.rest.checks.create({
    ...SITE,
    name: 'berth / hello',
    head_sha: shaOf(world),
    external_id: run,
    ...(isOver ? { status: 'completed', conclusion: end } : { status: end }),
  })
  return data.id
}

/** A run that ended green so long ago, and whose end GitHub was told, as far as the records know. */
async function endedRun(world: LookWorld, id: string, checkRunId: number | null, agoMs = 60_000) {
  const { store } = world
  const place = placeOf(world)
  const { installationId } = place
  await store.addDelivery(aDelivery(`queue ${id}`))
  await store.decide(aDecision(`queue ${id}`, { runs: [aRun(id, place)], reports: [aCheck(id, 0)] }))
  const end: NewReport = aCheck(id, 1, { terminal: true, installationId, body: `{"end":"${id}"}` })
  const concludedAtMs = Date.now() - agoMs
  await store.change(id, 'queued', { state: 'concluded', verdict: PASSED, concludedAtMs }, [end])
  const due = (await store.dueReports(Date.now(), 10)).find(({ runId }) => runId === id)
  if (checkRunId === null) await store.reportFailed(due?.seq ?? 0, 'HTTP 404', Date.now())
  else await store.reportSent(due?.seq ?? 0, Date.now(), checkRunId)
}

function placeOf(world: LookWorld) {
  const { memory, repository } = world.gitHub
  const { installationId } = memory.app
  return { installationId, repositoryId: String(repository.id), pr: 1, sha: shaOf(world) }
}

async function waiting(world: LookWorld): Promise<readonly string[]> {
  return (await world.store.dueReports(Date.now(), 10)).map(({ key }) => key)
}

test.each(['queued', 'in_progress', 'failure'] as const)(
  'R-REP-01 R-REP-05 a check that GitHub shows as %s although its run has ended green is told the end once more, in the same words',
  async (shown) => {
    await using world = await lookWorld()
    await endedRun(world, 'r1', await checkOnGitHub(world, 'r1', shown))
    await world.lookAnew()
    expect(await waiting(world)).toEqual(['check:r1:1'])
    const [report] = await world.store.dueReports(Date.now(), 10)
    expect(report).toMatchObject({ body: '{"end":"r1"}', terminal: true })
    expect(world.events).toEqual(['check.corrected'])
    expect(world.gitHub.unknownCalls()).toEqual([])
  },
)

test('R-REP-01 a check that is as it should be is left alone, and so is one whose run goes on or ended long ago', async () => {
  await using world = await lookWorld()
  const { store } = world
  await endedRun(world, 'r1', await checkOnGitHub(world, 'r1', 'success'))
  await endedRun(world, 'r2', await checkOnGitHub(world, 'r2', 'in_progress'), 25 * 3_600_000)
  await checkOnGitHub(world, 'r3', 'in_progress')
  await store.addDelivery(aDelivery('queue r3'))
  await store.decide(
    aDecision('queue r3', { runs: [aRun('r3', placeOf(world))], reports: [aCheck('r3', 0)] }),
  )
  await world.lookAnew()
  expect(await waiting(world)).toEqual(['check:r3:0'])
  expect(world.events).toEqual([])
})

test('R-REP-04 an end that was given up is sent once more by the next service, once', async () => {
  await using world = await lookWorld()
  await endedRun(world, 'r1', null)
  await world.lookAnew()
  expect(await waiting(world)).toEqual(['check:r1:1'])
  const [due] = await world.store.dueReports(Date.now(), 10)
  await world.store.reportFailed(due?.seq ?? 0, 'HTTP 404', Date.now())
  for (let hour = 0; hour < 30; hour += 1) await world.look()
  expect(await waiting(world)).toEqual([])
  expect((await world.store.failedReports(1)).count).toBe(1)
})

test('R-REP-07 of two check runs of one run the one that the records know counts', async () => {
  await using world = await lookWorld()
  await checkOnGitHub(world, 'r1', 'success')
  await endedRun(world, 'r1', await checkOnGitHub(world, 'r1', 'in_progress'))
  await world.lookAnew()
  expect(await waiting(world)).toEqual(['check:r1:1'])
})

test('R-REP-01 a check of a run that the records do not know, or that GitHub does not have, is told in the log, once, and left', async () => {
  await using world = await lookWorld()
  await checkOnGitHub(world, 'of another life', 'in_progress')
  await checkOnGitHub(world, 'of another life, and over', 'success')
  await endedRun(world, 'r1', 5)
  await world.lookAnew()
  for (let hour = 0; hour < 30; hour += 1) await world.look()
  expect(world.events).toEqual(['check.missing', 'check.unknown'])
  expect(await waiting(world)).toEqual([])
  const shown = [...world.gitHub.memory.checkRuns.values()].map(({ status }) => status)
  expect(shown).toEqual(['in_progress', 'completed'])
})

test('R-QUE-11 a commit that GitHub does not show stops no other', async () => {
  await using world = await lookWorld()
  await endedRun(world, 'r1', await checkOnGitHub(world, 'r1', 'queued'))
  const effect = { kind: 'answer', status: 502 } as const
  world.gitHub.addFault({ method: 'GET', path: /\/check-runs$/, times: 1, effect })
  await world.lookAnew()
  expect(world.events).toEqual(['reconcile.checks_unknown'])
  for (let hour = 0; hour < 15; hour += 1) await world.look()
  expect(await waiting(world)).toEqual(['check:r1:1'])
})
