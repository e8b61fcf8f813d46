import { messageOf } from '../errors.ts'
import { lockStandOf, lookAtNames } from '../lock/look.ts'
import type { EventLog } from '../model/events.ts'
import type { Journal } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
import type { LockStand } from '../model/proofLines.ts'
import type { NewReport } from '../model/report.ts'
import { isOver } from '../model/run.ts'
import type { Wait } from '../model/wait.ts'
import { checkReport } from '../report/checkRun.ts'
import { annotationsOf } from '../store/annotations/file.ts'
import { tailOfFile, tellingLog } from '../store/logTail.ts'
import { runPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'

const LOG_TAIL_BYTES = 48 * 1024

export interface CheckWorld {
  readonly state: StatePaths
  readonly log: EventLog
  readonly pageOf: (run: string) => string
}

/** A run's check with what its folder and the kernel have to say. What of that cannot be had is left out: no run may stay without its end for it. */
export function checkOf(world: CheckWorld, row: RunRow, journal: Journal, wait: Wait | null): NewReport {
  const { state, pageOf } = world
  const over = isOver(row.state)
  const run = runPaths(state, row.id)
  const tail = () => tailOfFile(tellingLog(run, journal), LOG_TAIL_BYTES)
  return checkReport(row, journal, {
    wait,
    nowMs: Date.now(),
    locks: over && journal.processes > 0 ? hadOf(world, row, () => locksOf(state, row, journal)) : null,
    annotations: over ? annotationsOf(run) : null,
    logTail: (over ? hadOf(world, row, tail) : null) ?? '',
    detailsUrl: pageOf(row.id),
  })
}

function hadOf<T>({ log }: CheckWorld, { id }: RunRow, look: () => T): T | null {
  try {
    return look()
  } catch (error) {
    log.warn({ run: id, error: messageOf(error) }, 'check.incomplete')
    return null
  }
}

function locksOf(state: StatePaths, { id, names }: RunRow, journal: Journal): LockStand {
  return lockStandOf(lookAtNames(state), id, names, journal)
}
