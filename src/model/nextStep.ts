import { isVerified, type Journal, type StageRecord } from './journal.ts'

export type Step =
  | { readonly kind: 'prepare' }
  | { readonly kind: 'stage'; readonly index: number }
  | { readonly kind: 'keep' }
  | { readonly kind: 'teardown' }
  | { readonly kind: 'conclude' }
  | { readonly kind: 'clean' }

/**
 * The next thing a run must do, read from its journal alone; null = nothing. Fresh, followed, died and orphaned runs all ask
 * here, and nobody else decides from journal entries: a run never goes forward in a second process.
 */
export function nextStep(journal: Journal): Step | null {
  if (journal.verdict !== null) return owesCleaning(journal) ? { kind: 'clean' } : null
  if (journal.teardown !== null) return { kind: 'conclude' }
  if (mustTearDown(journal)) return mayKeep(journal) ? { kind: 'keep' } : { kind: 'teardown' }
  if (journal.planned === null) return { kind: 'prepare' }
  return journal.stages.length < journal.planned.length
    ? { kind: 'stage', index: journal.stages.length }
    : { kind: 'teardown' }
}

/** A process that finds an unverified teardown tries once more; the conclusion stays. */
function owesCleaning(journal: Journal): boolean {
  return journal.freshProcess && !isVerified(journal)
}

function mustTearDown(journal: Journal): boolean {
  return (
    journal.stop !== null ||
    journal.processes > 1 ||
    journal.prepareFault !== null ||
    journal.teardownStarted ||
    journal.stages.some(isNotGreen)
  )
}

/** Only a run that ended red by itself, in its first process, is held for inspection. */
function mayKeep(journal: Journal): boolean {
  return (
    journal.keepMs > 0 &&
    !journal.kept &&
    !journal.teardownStarted &&
    journal.stop === null &&
    journal.processes === 1 &&
    journal.stages.some((stage) => stage.outcome !== null && isNotGreen(stage))
  )
}

function isNotGreen(stage: StageRecord): boolean {
  return stage.outcome !== 'success'
}
