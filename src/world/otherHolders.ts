import { lookAtNames, type NameLook } from '../lock/look.ts'
import type { OtherHolder } from '../model/wait.ts'
import { runPaths } from '../store/runFolder.ts'
import { lookAtRun } from '../store/runLook.ts'
import type { StatePaths } from '../store/stateFolder.ts'

/** Everybody who has a name by the kernel's word, and what is known of them; among them are runs that the service's records know. */
export function otherHolders(state: StatePaths): readonly OtherHolder[] {
  return lookAtNames(state)
    .filter(({ pids }) => pids.length > 0)
    .map((look) => holderOf(state, look))
}

function holderOf(state: StatePaths, { name, run, sinceMs, hold }: NameLook): OtherHolder {
  if (hold !== null) return { name, run: null, pr: null, by: hold.by, sinceMs, untilMs: hold.untilMs }
  const request = run === null ? null : lookAtRun(runPaths(state, run)).request
  const pr = request === null || request.pr === 0 ? null : request.pr
  return { name, run, pr, by: request?.actor ?? null, sinceMs, untilMs: null }
}
