import { inCode } from '../model/commandText.ts'
import { formatDuration } from '../model/duration.ts'
import type { RunRow } from '../model/ports.ts'
import type { Wait } from '../model/wait.ts'
import { moment } from '../report/moment.ts'
import { holderLine } from '../report/summary.ts'

/** A run that is not over; null = it does not wait. */
export interface RunWait {
  readonly row: RunRow
  readonly wait: Wait | null
  /** Wall clock, milliseconds. */
  readonly nowMs: number
}

/** What the runs of a pull request wait for, who has it, since when, and until about when. Markdown. */
export function whyText(waits: readonly RunWait[]): string {
  if (waits.length === 0) return 'Nothing of this pull request waits or runs.'
  return waits.map((one) => `- ${lineOf(one)}`).join('\n')
}

function lineOf({ row, wait, nowMs }: RunWait): string {
  const run = `run ${inCode(row.id)} of ${inCode(row.recipe)}`
  if (row.state !== 'queued') return `${run} is under way${stageOf(row)}${sinceOf(row, nowMs)}.`
  if (row.stop !== null) return `${run} was asked to stop.`
  return [`${run} is queued${placeOf(wait)}.`, ...reasonsOf(row, wait)].join(' ')
}

function stageOf({ stage, state }: RunRow): string {
  if (state === 'tearing_down') return ', being torn down'
  return stage === null ? '' : `, in ${inCode(stage)}`
}

function sinceOf({ startedAtMs }: RunRow, nowMs: number): string {
  return startedAtMs === null ? '' : `, for ${formatDuration(nowMs - startedAtMs)}`
}

function placeOf(wait: Wait | null): string {
  return wait === null ? '' : `, at place ${wait.place}`
}

function reasonsOf({ waitsFor }: RunRow, wait: Wait | null): readonly string[] {
  return [
    ...(waitsFor === null ? [] : [`It waits for ${inCode(waitsFor)}.`]),
    ...(wait === null || wait.holder === null ? [] : [holderLine(wait.holder)]),
    startOf(wait),
  ]
}

function startOf(wait: Wait | null): string {
  if (wait === null || wait.startsAtMs === null)
    return 'When it starts cannot be said: no run has shown yet how long what is ahead of it takes.'
  return `It starts about ${moment(wait.startsAtMs)}, if what is ahead of it lasts as long as it did before.`
}
