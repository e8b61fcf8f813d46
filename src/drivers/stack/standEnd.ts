import type { Converged } from '../docker/converge.ts'
import type { StackStageEnd } from './stage.ts'

/** What the stage that has deployed a stack says of how it came to stand, or did not; the last lines of what failed go into its log. */
export function standEnd(
  end: Converged,
  say: (line: string) => void,
): Pick<StackStageEnd, 'outcome' | 'detail'> {
  if (end.kind === 'converged') return { outcome: 'success', detail: 'all of it runs' }
  if (end.kind === 'timed_out') return { outcome: 'timed_out', detail: end.detail }
  if (!('lines' in end)) return { outcome: 'cancelled', detail: 'before it stood' }
  for (const line of end.lines) say(line)
  return { outcome: 'failure', detail: `${end.fault}: ${end.detail}` }
}
