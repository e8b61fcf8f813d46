import { messageOf } from '../errors.ts'
import { aboutRun, type EventLog } from '../model/events.ts'
import { pastStages } from '../model/history.ts'
import type { Journal } from '../model/journal.ts'
import type { RunChange, RunRow } from '../model/ports.ts'
import { isOver, type Verdict } from '../model/run.ts'
import type { Wait } from '../model/wait.ts'
import type { QueueWorld } from './ports.ts'

/**
 * Writes a change of a run together with what GitHub is to be told of it. The row must be fresh.
 * @param wait what it waits for, if it is queued
 * @returns false = somebody else moved the run; nothing was written
 */
export async function changeRun(
  world: QueueWorld,
  row: RunRow,
  change: RunChange,
  journal: Journal,
  wait: Wait | null = null,
): Promise<boolean> {
  const after: RunRow = { ...row, ...change }
  const report = world.checkReport(after, journal, wait)
  const changed = await world.store.change(row.id, row.state, change, [report])
  if (changed.kind !== 'changed') return false
  if (after.state !== row.state) world.waits.moved()
  if (after.state !== row.state) tellState(world.log, after)
  else if (after.waitsFor !== row.waitsFor)
    world.log.info({ ...aboutRun(row), waitsFor: after.waitsFor, place: wait?.place ?? null }, 'run.waits')
  world.reportsChanged()
  return true
}

const STATE_EVENTS = {
  starting: 'run.starting',
  running: 'run.running',
  tearing_down: 'run.tearing_down',
} as const

function tellState(log: EventLog, { state, verdict, ...row }: RunRow): void {
  const about = aboutRun(row)
  if (state === 'queued') log.warn(about, 'run.requeued')
  else if (!isOver(state)) log.info(about, STATE_EVENTS[state])
  else if (verdict !== null)
    log.info({ ...about, conclusion: verdict.conclusion, reason: verdict.reason }, 'run.concluded')
}

/** Concludes a run; its conclusion and its report are one transaction. Then its folder hears of that, if it has one. */
export async function concludeRun(
  world: QueueWorld,
  row: RunRow,
  verdict: Verdict,
  journal: Journal,
): Promise<boolean> {
  const change = {
    state: 'concluded',
    verdict,
    concludedAtMs: world.now(),
    stages: pastStages(journal),
    waitsFor: null,
    stage: null,
  } as const
  if (!(await changeRun(world, row, change, journal))) return false
  if (world.machine.look(row.id).exists) world.machine.noteReported(row.id)
  return true
}

/** What a queued run waits for, or null: what people are told besides must not keep a run from its turn. */
export async function waitOf({ waits, log }: QueueWorld, run: string): Promise<Wait | null> {
  try {
    return await waits.of(run)
  } catch (error) {
    log.error({ run, error: messageOf(error) }, 'waits.failed')
    return null
  }
}
