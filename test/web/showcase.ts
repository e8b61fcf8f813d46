import { closeSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { noteHold } from '../../src/lock/holds.ts'
import { lockExclusively } from '../../src/lock/lockFile.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { takeTicket } from '../../src/lock/tickets.ts'
import type { NewRun } from '../../src/model/ports.ts'
import { newRunId } from '../../src/store/runId.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { noteSweep } from '../../src/store/sweeps.ts'
import type { WebWorld } from '../../src/web/ports.ts'
import { LIMITS } from '../model/policyWorld.ts'
import { aDecision, aDelivery, PASSED } from '../store/samples.ts'
import { aQueued, aRequest, begun, type Scene, stage, startScene, tornDown } from './scene.ts'

const MINUTE_MS = 60_000
const FAILED = {
  conclusion: 'failure',
  reason: 'stage_failed',
  title: 'Stage deploy failed',
  exitCode: 1,
} as const

/** A scene in which all that pages can show of a busy service is there to be seen, and the run that is under way in it. */
export async function startShowcase(): Promise<{ readonly scene: Scene; readonly run: string }> {
  const scene = await startScene((world) => ({ ...world, ...standing(world) }))
  const nowMs = Date.now()
  await addHistory(scene, nowMs)
  const run = await addBusy(scene, nowMs)
  addLeftBehind(scene, nowMs)
  await addLimits(scene, nowMs)
  addSweeps(scene, nowMs)
  return { scene, run }
}

function standing(world: WebWorld): Partial<WebWorld> {
  return {
    publicUrl: 'http://127.0.0.1',
    config: () => ({ ...world.config(), switchedOff: ['outbox', 'warm'] }),
    refused: () => ({ atMs: Date.now() - 5 * MINUTE_MS, faults: 2 }),
  }
}

/** Runs that have ended: what others are expected to last, and what lanes have seen. */
async function addHistory(scene: Scene, nowMs: number): Promise<void> {
  for (let index = 0; index < 9; index += 1) {
    const run = aQueued({ ...at(index % 3), enqueuedAtMs: nowMs - (60 - index * 5) * MINUTE_MS })
    await scene.queue(run)
    const startedAtMs = run.enqueuedAtMs + 5_000
    const concludedAtMs = startedAtMs + (3 + (index % 4)) * MINUTE_MS
    await scene.change(run.id, { state: 'starting', startedAtMs })
    await scene.change(run.id, {
      state: 'concluded',
      concludedAtMs,
      verdict: index % 4 === 1 ? FAILED : PASSED,
    })
  }
}

async function addBusy(scene: Scene, nowMs: number): Promise<string> {
  const runs = [0, 1].map((n) => aQueued({ ...at(n), enqueuedAtMs: nowMs - 4 * MINUTE_MS }))
  await scene.queue(...runs)
  for (const [index, { id, domain, names }] of runs.entries()) {
    const startedAtMs = nowMs - (index + 1) * 90_000
    await scene.change(id, { state: 'starting', startedAtMs })
    await scene.change(id, { state: 'running', stage: 'deploy' })
    scene.hold(domain, id, startedAtMs)
    const folder = scene.folder(aRequest(id, { names, domain, pr: 12 + index }), [
      ...begun(startedAtMs),
      ...stage('check', startedAtMs + 3_000, 20_000),
      [
        startedAtMs + 23_000,
        { event: 'stage.started', name: 'deploy', containment: { kind: 'sweep', run: id, stage: 'deploy' } },
      ],
    ])
    writeFileSync(join(folder.stages, '01-check.log'), 'checked\n')
    writeFileSync(join(folder.stages, '02-deploy.log'), `deploying ${domain}\n`.repeat(40))
  }
  const waiting = [0, 0, 1, 2].map((n, index) =>
    aQueued({ ...at(n), pr: 20 + index, enqueuedAtMs: nowMs - 60_000 + index }),
  )
  await scene.queue(...waiting)
  for (const [index, { id, domain }] of waiting.entries())
    await scene.change(id, {
      waitsFor: index === 3 ? null : `run ${runs[index === 2 ? 1 : 0]?.id}, which has ${domain}`,
    })
  takeTicket(scene.state, [waiting[0]?.domain ?? ''], `run ${waiting[0]?.id} (service)`)
  return runs[0]?.id ?? ''
}

/** A dirty name, a blocked one, one that somebody holds by hand, and many that nobody wants. */
function addLeftBehind(scene: Scene, nowMs: number): void {
  const [run, gone] = [newRunId(), newRunId()]
  const names = ['site-hello-pr9.ci.test']
  scene.folder(aRequest(run, { names, pr: 9 }), [
    ...begun(nowMs - 9 * MINUTE_MS),
    ...tornDown(nowMs - 7 * MINUTE_MS, 10, ['process 4711 (node)']),
  ])
  addOpenRun(scene.state, { run, locks: names, since: nowMs - 9 * MINUTE_MS })
  addOpenRun(scene.state, { run: gone, locks: ['site-hello-pr7.ci.test'], since: nowMs - 40 * MINUTE_MS })
  lockExclusively(lockPath(scene.state, 'r:license'))
  const hold = {
    name: 'r:license',
    by: 'jo',
    reason: 'the licence is being renewed',
    untilMs: nowMs + 25 * MINUTE_MS,
  }
  noteHold(scene.state, { ...hold, order: null }, process.pid)
  for (let index = 0; index < 30; index += 1)
    closeSync(lockExclusively(lockPath(scene.state, `idle-${index}.ci.test`)) ?? -1)
}

async function addLimits(scene: Scene, atMs: number): Promise<void> {
  const uses = Array.from({ length: LIMITS.perActorPerHour }, () => 'actor:octocat')
  await scene.store.addDelivery(aDelivery('limits'))
  await scene.store.decide(aDecision('limits', { atMs, uses }))
  const runs = [1, 2, 3].map((n) => aQueued({ ...at(4), enqueuedAtMs: atMs - n * MINUTE_MS }))
  await scene.queue(...runs)
  const verdict = {
    conclusion: 'failure',
    reason: 'not_cleaned',
    title: 'harness: boom',
    exitCode: 70,
  } as const
  for (const [index, { id }] of runs.entries()) {
    await scene.change(id, { state: 'starting', startedAtMs: atMs - 50_000 })
    await scene.change(id, { state: 'concluded', concludedAtMs: atMs - index * 1_000, verdict })
  }
  const unsent = aQueued({ ...at(5), enqueuedAtMs: atMs - 30_000 })
  await scene.queue(unsent)
  const due = await scene.store.dueReports(Number.MAX_SAFE_INTEGER, 1_000)
  const report = due.find(({ runId }) => runId === unsent.id)
  await scene.store.reportFailed(report?.seq ?? 0, 'HTTP 403: Resource not accessible by integration', atMs)
}

function addSweeps({ state }: Scene, nowMs: number): void {
  const rest = { runFolders: 31, bytes: 40 * 1024 ** 2, limitBytes: 1024 ** 3, leakCount: 0 }
  const names = { free: 30, busy: 3, dirty: 1, blocked: 1 }
  const findings = [
    {
      what: 'name',
      name: 'site-hello-pr9.ci.test',
      action: 'left',
      why: 'process 4711 (node) is still there',
    },
    { what: 'run', name: newRunId(), action: 'cleaned', why: 'no process had it, and its names were dirty' },
    { what: 'run folder', name: newRunId(), action: 'pruned', why: 'older than 14 days' },
  ]
  for (let index = 0; index < 5; index += 1) {
    const found = index % 2 === 0 ? findings : []
    const told = { exitCode: found.length > 0 ? 1 : 0, findings: found, findingCount: found.length }
    noteSweep(state, {
      startedAtMs: nowMs - (25 - index * 5) * MINUTE_MS,
      tookMs: 84 + index,
      ...told,
      names,
      ...rest,
    })
  }
  noteSweep(state, { startedAtMs: 'of another berth' })
}

function at(n: number): Partial<NewRun> {
  const domain = `site-hello-pr${12 + n}.ci.test`
  return { domain, names: [domain], pr: 12 + n }
}
