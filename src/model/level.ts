import type { Aim } from './aim.ts'
import type { Journal, StageRecord } from './journal.ts'
import type { Outcome } from './run.ts'

export const RUNGS = ['deploys', 'stays up', 'upgrades', 'backs up', 'passes its own checks'] as const
export type Rung = (typeof RUNGS)[number]

/** `untried`: no stage was there for it, none came so far, or what it did shows nothing. */
export const RUNG_STATES = ['shown', 'failed', 'untried'] as const
export type RungState = (typeof RUNG_STATES)[number]

/** How far a stack has come in a run (R-DKR-14). */
export interface Level {
  /** How many rungs it stands on, counted from the first; one that is not shown ends the count. */
  readonly height: number
  readonly rungs: Readonly<Record<Rung, RungState>>
}

/** Null = no stage was about a stack. What came before the pull request was deployed may have looked at a release. */
export function levelOf({ stages }: Pick<Journal, 'stages'>): Level | null {
  if (!stages.some(({ aim }) => aim !== undefined)) return null
  const at = stages.findIndex(({ aim }) => aim === 'deploy' || aim === 'upgrade')
  const [before, after] = at === -1 ? [stages, []] : [stages.slice(0, at), stages.slice(at)]
  const rungs = {
    deploys: state(after, ['deploy', 'upgrade']),
    'stays up': state(after, ['ready']),
    upgrades: upgrades(after),
    'backs up': backsUp(after),
    'passes its own checks': state(before, ['command']) === 'failed' ? 'failed' : state(after, ['command']),
  } as const satisfies Level['rungs']
  const firstGap = RUNGS.findIndex((rung) => rungs[rung] !== 'shown')
  return { height: firstGap === -1 ? RUNGS.length : firstGap, rungs }
}

/** The worst of those that show something. */
function state(stages: readonly StageRecord[], aims: readonly Aim[]): RungState {
  const states = stages.filter(({ aim }) => aim !== undefined && aims.includes(aim)).map(stateOf)
  return states.find((one) => one === 'failed') ?? states.find((one) => one === 'shown') ?? 'untried'
}

const RED: ReadonlySet<Outcome | null> = new Set(['failure', 'timed_out'])

/** A cancel, or a fault of the harness, says nothing about the stack. */
function stateOf({ outcome }: StageRecord): RungState {
  if (outcome === 'success') return 'shown'
  return RED.has(outcome) ? 'failed' : 'untried'
}

/** Only with a command after it, which looks at what was written before (R-DKR-13). */
function upgrades(stages: readonly StageRecord[]): RungState {
  const at = stages.findLastIndex(({ aim }) => aim === 'upgrade')
  const upgrade = stages[at]
  if (upgrade === undefined) return 'untried'
  return stateOf(upgrade) === 'shown' ? state(stages.slice(at), ['command']) : stateOf(upgrade)
}

/** A backup counts only once it was restored (R-DKR-13). */
function backsUp(stages: readonly StageRecord[]): RungState {
  return state(stages, ['backup']) === 'failed' ? 'failed' : state(stages, ['restore'])
}
