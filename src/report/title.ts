import { deferringStage, type Journal, type StopRequest } from '../model/journal.ts'
import type { RunRow } from '../model/ports.ts'
import { isOver } from '../model/run.ts'
import type { CheckExtras } from './extras.ts'
import { nextMinute, timeOfDay } from './moment.ts'

/** The one line that the list of checks shows. */
export function titleOf(row: RunRow, journal: Journal, extras: CheckExtras): string {
  if (isOver(row.state)) return row.verdict?.title ?? ''
  switch (row.state) {
    case 'queued':
      return stopping(row.stop) ?? queuedTitle(row, extras)
    case 'starting':
      return stopping(row.stop) ?? waiting(row) ?? 'Starting'
    case 'running':
      return (
        stopping(stopOf(row, journal), deferringStage(journal)) ?? waiting(row) ?? runningTitle(row, journal)
      )
    case 'tearing_down':
      return waiting(row) ?? 'Tearing down'
  }
}

/**
 * Why a run is being stopped and by whom, for people; null = it is not.
 * @param stage the stage that this waits for
 */
export function stopping(stop: StopRequest | null, stage: string | null = null): string | null {
  if (stop === null) return null
  const after = stage === null ? '' : ` after stage ${stage}, which may not be interrupted`
  return `Stopping${after}: ${stop.reason.replaceAll('_', ' ')}, asked by ${stop.by}`
}

/** What the run itself has decided, at its deadline for example, is told where it takes a while. */
export function stopOf({ stop }: RunRow, journal: Journal): StopRequest | null {
  return stop ?? (deferringStage(journal) === null ? null : journal.stop)
}

/** A run that has begun waits for somebody only where its processes are gone. */
function waiting({ waitsFor }: RunRow): string | null {
  return waitsFor === null ? null : `Waits for ${waitsFor}`
}

function queuedTitle({ waitsFor }: RunRow, { wait }: CheckExtras): string {
  const place = wait === null ? '' : `, place ${wait.place}`
  const reason = waitsFor === null ? '' : `: ${waitsFor}`
  const startsAtMs = wait?.startsAtMs ?? null
  const start = startsAtMs === null ? '' : ` (starts about ${timeOfDay(nextMinute(startsAtMs))})`
  return `Queued${place}${reason}${start}`
}

function runningTitle({ stage }: RunRow, journal: Journal): string {
  if (journal.kept && !journal.teardownStarted) return 'Kept for inspection, then torn down'
  const name = stage ?? journal.stages.at(-1)?.name
  if (name === undefined) return 'Preparing'
  const place = journal.planned?.indexOf(name) ?? -1
  return place === -1 ? `Stage ${name}` : `Stage ${name} (${place + 1} of ${journal.planned?.length})`
}
