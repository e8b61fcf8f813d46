import { closest } from './closest.ts'
import type { CancelCommand } from './command.ts'
import { inCode, toCopy } from './commandText.ts'
import { COMMAND_WORD } from './commandWord.ts'
import type { Decision, PolicyFacts } from './policyFacts.ts'
import type { RunRow } from './ports.ts'
import { refuse } from './refusal.ts'

/** Which runs of the pull request are to stop. A run that is over is no fault: what was wanted is so already. */
export function cancelDecision(
  { target }: CancelCommand,
  facts: Pick<PolicyFacts, 'unfinished' | 'over' | 'askedIn'>,
): Decision {
  if (target !== null && target !== 'all') return cancelOne(target.run, facts)
  const unfinished = facts.unfinished.filter((run) => !isAskedLater(run, facts))
  if (unfinished.length < facts.unfinished.length && unfinished.length === 0)
    return { kind: 'note', detail: 'There is nothing to cancel: what runs was asked for after this.' }
  if (unfinished.length === 0)
    return { kind: 'note', detail: 'There is nothing to cancel: every run of this pull request is over.' }
  if (unfinished.length === 1 || target === 'all') return { kind: 'stop', runs: unfinished }
  const lines = unfinished.map((run) => `${COMMAND_WORD} cancel ${run.id}`)
  return refuse('ambiguous_run', `Say which one:\n${toCopy(`${COMMAND_WORD} cancel all`, ...lines)}`)
}

/** A cancel that is heard of late stops nothing that somebody asked for after it, unless it says which. */
function isAskedLater({ commentId }: RunRow, { askedIn }: Pick<PolicyFacts, 'askedIn'>): boolean {
  return askedIn !== null && commentId !== null && commentId > askedIn
}

function cancelOne(id: string, { unfinished, over }: Pick<PolicyFacts, 'unfinished' | 'over'>): Decision {
  const run = unfinished.find((one) => one.id === id)
  if (run !== undefined) return { kind: 'stop', runs: [run] }
  const ended = over.find((one) => one.id === id)
  if (ended !== undefined)
    return {
      kind: 'note',
      detail: `Run ${inCode(id)} is over already: ${inCode(ended.verdict?.title ?? 'concluded')}.`,
    }
  const meant = closest(
    id,
    unfinished.map((one) => one.id),
  )
  const guess = meant === null ? '' : ` Did you mean ${inCode(meant)}?`
  return refuse('no_such_run', `It has no run ${inCode(id)}.${guess}`)
}
