import { formatDuration } from './duration.ts'

/**
 * How the kernel shows that nothing is left: one kind for each way of keeping processes together, and more to come for what other drivers
 * put up.
 */
export const PROOFS = ['cgroup', 'pid-namespace', 'sweep'] as const

/** What the kernel says of containments of one kind: they are empty. */
export interface Proof {
  readonly kind: (typeof PROOFS)[number]
  /** Of how many. */
  readonly count: number
}

/** What ending the processes of a stage, or of a run, came to; every number is of processes that were seen, so the least. */
export interface Ending {
  /** Were asked to end: TERM. */
  readonly asked: number
  /** Were there when the grace was over, asked or not, and got KILL. */
  readonly killed: number
  readonly graceMs: number
  /** From the first signal to the last look. */
  readonly tookMs: number
  /** None where something is left. */
  readonly proofs: readonly Proof[]
  /** What is left, or cannot be looked at, named. */
  readonly left: readonly string[]
}

/** Only what the kernel has shown counts: nothing is left, and something says so. */
export function isProved({ proofs, left }: Ending): boolean {
  return left.length === 0 && proofs.length > 0
}

/** What was done, and what shows that it helped, on one line. Nothing in it comes from outside; what is left has to be named beside it. */
export function endingWords(ending: Ending): string {
  const done = doneWords(ending)
  const shown = ending.proofs.map(({ kind, count }) => PROOF_WORDS[kind](count)).join(', ')
  if (!isProved(ending)) return `${done}; ${unprovedWords(ending)}`
  if (ending.asked + ending.killed === 0) return `${done}: ${shown}`
  return `${done}; all gone after ${preciseTime(ending.tookMs)}: ${shown}`
}

const PROOF_WORDS: Readonly<Record<Proof['kind'], (count: number) => string>> = {
  cgroup: (count) => `${count === 1 ? 'cgroup' : `${count} cgroups`} empty and removed`,
  'pid-namespace': () => 'PID namespace empty and gone',
  sweep: () => 'no process with its mark in repeated looks at /proc',
}

function doneWords({ asked, killed, graceMs }: Ending): string {
  if (asked === 0 && killed === 0) return 'no process was left to end'
  if (asked === 0) return `${processesWere(killed)} killed at once (KILL)`
  const asking = `${processesWere(asked)} asked to end (TERM)`
  if (killed === 0) return `${asking}, none had to be killed`
  const were = killed === 1 ? 'was' : 'were'
  return `${asking}, ${killed} ${were} still there after the grace of ${formatDuration(graceMs)} and got KILL`
}

function unprovedWords({ tookMs, left }: Ending): string {
  if (left.length === 0) return 'nothing shows that all are gone'
  return `not all gone after ${preciseTime(tookMs)}: ${left.length} left`
}

function processesWere(count: number): string {
  return count === 1 ? '1 process was' : `${count} processes were`
}

/** A tenth of a second tells what came in the grace from what came after it. */
export function preciseTime(ms: number): string {
  return ms < 1000 ? formatDuration(ms) : `${(ms / 1000).toFixed(1)}s`
}
