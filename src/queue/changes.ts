import type { Journal } from '../model/journal.ts'
import type { RunChange, RunRow } from '../model/ports.ts'
import type { Verdict } from '../model/run.ts'
import type { QueueWorld } from './ports.ts'

/**
 * Writes a change of a run together with what GitHub is to be told of it. The row must be fresh.
 * @returns false = somebody else moved the run; nothing was written
 */
export async function changeRun(
  world: QueueWorld,
  row: RunRow,
  change: RunChange,
  journal: Journal,
): Promise<boolean> {
  const after: RunRow = { ...row, ...change }
  const changed = await world.store.change(row.id, row.state, change, [world.checkReport(after, journal)])
  if (changed.kind !== 'changed') return false
  const { id: run, recipe, domain, pr, state } = after
  world.log.info(
    { run, recipe, domain, pr, ...(after.stage === null ? {} : { stage: after.stage }) },
    `run.${state}`,
  )
  world.reportsChanged()
  return true
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
    waitsFor: null,
    stage: null,
  } as const
  if (!(await changeRun(world, row, change, journal))) return false
  if (world.machine.look(row.id).exists) world.machine.noteReported(row.id)
  return true
}
