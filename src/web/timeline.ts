import { endingWords } from '../model/ending.ts'
import type { Entry } from '../model/journal.ts'
import { standWords } from '../model/proofLines.ts'
import { OUTCOMES } from '../model/run.ts'
import { stageLogName, TEARDOWN, TEARDOWN_LOG } from '../model/stageLog.ts'

/** How a step of the timeline stands; `cut_off` = its process died before it could say. */
export const STEP_STATES = [...OUTCOMES, 'under_way', 'to_come', 'not_begun', 'cut_off', 'over'] as const
type StepState = (typeof STEP_STATES)[number]

export const STEP_KINDS = ['checkout', 'stage', 'kept', 'teardown'] as const

/** One row of a run's timeline. Times are wall clock, milliseconds. */
export interface Step {
  readonly kind: (typeof STEP_KINDS)[number]
  readonly name: string
  readonly state: StepState
  readonly startedAtMs: number | null
  readonly endedAtMs: number | null
  readonly detail: string
}

/** What a run has done, does, and has before it, from its journal's lines. `over` = nobody will add a line. */
export function timelineOf(entries: readonly Entry[], over: boolean): readonly Step[] {
  const steps = entries.reduce<readonly Step[]>(withEntry, [])
  const begun = new Set(steps.filter(({ kind }) => kind === 'stage').map(({ name }) => name))
  const planned = entries.findLast((entry) => entry.event === 'prepared')?.stages ?? []
  const ahead = planned
    .filter((name) => !begun.has(name))
    .map((name) => unbegun(name, over || hasEnded(steps)))
  const end = steps.findIndex(({ kind }) => kind === 'kept' || kind === 'teardown')
  const all = end === -1 ? [...steps, ...ahead] : [...steps.slice(0, end), ...ahead, ...steps.slice(end)]
  return over ? all.map((step) => (step.state === 'under_way' ? { ...step, state: 'cut_off' } : step)) : all
}

/** The log that belongs to a step, by its name without suffix, among those that there are; null = it has none. */
export function logOf(step: Step, timeline: readonly Step[], logs: readonly string[]): string | null {
  const wanted = logFileOf(step, timeline)
  return logs.find((log) => `${log}.log` === wanted) ?? null
}

function logFileOf(step: Step, timeline: readonly Step[]): string | null {
  if (step.kind === 'teardown') return TEARDOWN_LOG
  if (step.kind !== 'stage') return null
  return stageLogName(timeline.filter(({ kind }) => kind === 'stage').indexOf(step), step.name)
}

function withEntry(steps: readonly Step[], entry: Entry): readonly Step[] {
  switch (entry.event) {
    case 'process.started':
      return steps.length === 0 ? [begin('checkout', 'checkout', entry.at)] : cutOff(steps, entry.at)
    case 'prepared':
      return end(steps, entry.at, entry.fault === null ? 'success' : 'fault', entry.fault ?? '')
    case 'stage.started':
      return [...steps, begin('stage', entry.name, entry.at)]
    case 'stage.ended':
      return end(steps, entry.at, entry.outcome, detailOf(entry))
    case 'kept':
      return [...steps, begin('kept', 'kept for inspection', entry.at)]
    case 'teardown.started':
      return [...endKept(steps, entry.at), begin('teardown', TEARDOWN, entry.at)]
    case 'teardown.ended':
    case 'cleaned':
      return end(steps, entry.at, entry.report.verified ? 'success' : 'failure', standWords(entry.report))
    default:
      return steps
  }
}

function begin(kind: Step['kind'], name: string, startedAtMs: number): Step {
  return { kind, name, state: 'under_way', startedAtMs, endedAtMs: null, detail: '' }
}

function end(steps: readonly Step[], endedAtMs: number, state: StepState, detail: string): readonly Step[] {
  return steps.map((step) => (step.state === 'under_way' ? { ...step, state, endedAtMs, detail } : step))
}

/** A process that starts finds what its forerunner had under way without an end. */
function cutOff(steps: readonly Step[], atMs: number): readonly Step[] {
  return end(steps, atMs, 'cut_off', 'its process died')
}

/** Keeping ends when teardown begins; anything else that is open then was left without a word. */
function endKept(steps: readonly Step[], atMs: number): readonly Step[] {
  return steps.at(-1)?.kind === 'kept' ? end(steps, atMs, 'over', '') : end(steps, atMs, 'cut_off', '')
}

function unbegun(name: string, never: boolean): Step {
  const state = never ? 'not_begun' : 'to_come'
  return { kind: 'stage', name, state, startedAtMs: null, endedAtMs: null, detail: '' }
}

function hasEnded(steps: readonly Step[]): boolean {
  return steps.some(({ kind, state }) => kind === 'teardown' || (kind === 'stage' && isRed(state)))
}

function isRed(state: StepState): boolean {
  return state !== 'success' && state !== 'under_way'
}

function detailOf({ detail, ending }: Entry & { readonly event: 'stage.ended' }): string {
  return ending === null ? detail : `${detail}; ${endingWords(ending)}`
}
