import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import type { RunRow } from '../../src/model/ports.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { holdRuns } from './heldRuns.ts'
import { DOMAINS, enqueue } from './queued.ts'
import { type Service, serveIn } from './service.ts'
import { makeWorld, type World } from './world.ts'

export const RUNS = 10_000
/** As many slots are there, so that the service starts nothing beside them. */
export const LIVE = 100
export const QUEUED = 1_900
const CONCLUDED = RUNS - LIVE - QUEUED
/** The finished ones lie so many days back. */
const DAYS = 30

/** A service that much goes on in: every domain is had or wanted by somebody. */
export interface BusyService extends AsyncDisposable {
  readonly service: Service
  /** Held by the benchmark, in their only stage. */
  readonly live: readonly RunRow[]
  /** Changes a record, as a run does that goes on: all that was read is old. */
  readonly change: () => void
}

/** 1,000 domains with a lock file each, 10,000 runs in the records: 100 under way on a domain each, 1,900 waiting, the rest over. */
export async function startBusyService(
  folder: string,
  nodeOptions: readonly string[] = [],
): Promise<BusyService> {
  await using undo = new AsyncDisposableStack()
  const world = undo.use(makeWorld(folder, LIVE))
  const live = await fill(world)
  undo.use(holdRuns(world, live))
  const service = undo.use(await serveIn(world, nodeOptions))
  const records = undo.use(new DatabaseSync(world.state.database, { timeout: 5_000 }))
  const touch = records.prepare('UPDATE runs SET stage = :stage WHERE id = :id')
  let changes = 0
  const change = () => {
    touch.run({ id: live[0]?.id ?? '', stage: `stage-${(changes += 1)}` })
  }
  const ending = undo.move()
  return { service, live, change, [Symbol.asyncDispose]: () => ending.disposeAsync() }
}

/** All is told as it stands, so that the service does nothing beside what it is asked for; every tenth of the finished was red. */
async function fill({ state }: World): Promise<readonly RunRow[]> {
  await using undo = new AsyncDisposableStack()
  const store = await openStore(state.database)
  undo.defer(() => store.close())
  await enqueue(store, RUNS)
  const beganMs = Date.now() - DAYS * 24 * 3_600_000
  const apartMs = Math.floor((DAYS * 24 * 3_600_000) / RUNS)
  using connection = new DatabaseSync(state.database, { timeout: 5_000 })
  connection.exec(`
    UPDATE reports SET state = 'sent', ended_at = 1;
    UPDATE runs SET state = 'running', stage = 'only', attempts = 1
     WHERE enqueued_at >= ${CONCLUDED} AND enqueued_at < ${CONCLUDED + LIVE};
    UPDATE runs SET state = 'concluded', concluded_at = 1, attempts = 1, verdict = CASE WHEN enqueued_at % 10 = 0
        THEN '{"conclusion":"failure","reason":"stage_failed","title":"Failed in stage only","exitCode":1}'
        ELSE '{"conclusion":"success","reason":"passed","title":"Passed","exitCode":0}' END
     WHERE enqueued_at < ${CONCLUDED};
    UPDATE runs SET waits_for = CASE WHEN enqueued_at < ${CONCLUDED + LIVE + DOMAINS} THEN 'a free slot (${LIVE} at a time)'
      ELSE 'run ' || printf('%016d', enqueued_at - ${DOMAINS}) || ', which is ahead of it for ' || domain END WHERE state = 'queued';
    UPDATE runs SET enqueued_at = ${beganMs} + enqueued_at * ${apartMs}, pinned_at = ${beganMs} + enqueued_at * ${apartMs};
    UPDATE run_names SET enqueued_at = ${beganMs} + enqueued_at * ${apartMs};
    UPDATE runs SET started_at = enqueued_at + 1000 WHERE state <> 'queued';
    UPDATE runs SET concluded_at = started_at + 60000 + pr WHERE state = 'concluded';
  `)
  const rows = await store.queued()
  for (const name of new Set(rows.flatMap(({ names }) => names)))
    writeFileSync(lockPath(state, name), '', { mode: 0o600 })
  const live = await store.live()
  if (rows.length !== QUEUED || live.length !== LIVE || DOMAINS !== 1_000)
    throw new Error(`${rows.length} runs are queued and ${live.length} live in the benchmark's records`)
  return live
}
