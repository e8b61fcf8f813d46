import type { Answer } from './answer.ts'
import type { Asked } from './asked.ts'
import type { IntakeWorld } from './ports.ts'
import { actorKey, pullRequestKey, refusedKey, repeatKey, repositoryKey } from './useKeys.ts'

/** What limits count, by the keys under which the store keeps it. */
export function usesOf(answers: readonly Answer[], asked: Asked, world: Pick<IntakeWorld, 'hash'>) {
  return answers.flatMap(({ command, answered }): readonly string[] => {
    if (answered.kind === 'refusal' && (LIMITED.has(answered.reason) || isFree(command)))
      return [refusedKey(asked)]
    if (answered.kind !== 'queued') return [actorKey(asked)]
    const { runs } = answered
    const repeats = runs.slice(0, 1).map(({ sha }) => repeatKey(command, sha, asked, world))
    const ofRuns = runs.flatMap(() => [pullRequestKey(asked), repositoryKey(asked)])
    return [actorKey(asked), ...repeats, ...ofRuns]
  })
}

/** No limit stands before what stops or takes back: who may not, and goes on all the same, is a flood. */
function isFree({ kind }: Answer['command']): boolean {
  return kind === 'cancel' || kind === 'revoke'
}

/** A refusal says when the limit is free again: what is refused by it must not use it up further. */
const LIMITED: ReadonlySet<string> = new Set(['rate_limited', 'command_loop', 'crash_loop'])
