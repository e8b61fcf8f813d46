import { messageOf } from '../errors.ts'
import { type Claim, runOfMark } from '../lock/claim.ts'
import { endHold, type Hold, holdInBackground, holdOf } from '../lock/holds.ts'
import { letGo } from '../lock/nameLocks.ts'
import { type Released, releaseByHand } from '../lock/releaseByHand.ts'
import { claimInTurn } from '../lock/waiting.ts'
import type { Name } from '../model/names.ts'
import type { Order } from '../model/order.ts'
import type { Fields } from '../model/read.ts'
import type { NoteTakeOver } from '../model/takeOver.ts'
import type { ByHand, Done } from '../queue/orders.ts'
import { addAuditLine } from '../store/audit.ts'
import { runPaths } from '../store/runFolder.ts'
import { lookAtRun } from '../store/runLook.ts'
import type { StatePaths } from '../store/stateFolder.ts'
import { recoverer } from './recovery.ts'
import { stopRun } from './stopRun.ts'

/** Orders of people on GitHub, carried out on this machine; each leaves a line in the audit. */
export function byHandOn(state: StatePaths, note?: NoteTakeOver): ByHand {
  return {
    hold: (order, mostMs, signal) => hold(state, order, mostMs, signal, note),
    release: (order) => release(state, order),
  }
}

async function hold(
  state: StatePaths,
  order: Order,
  mostMs: number,
  signal: AbortSignal,
  note?: NoteTakeOver,
): Promise<Done> {
  const begun = holdOf(state, order.name)
  if (begun?.order === order.id) return held(begun)
  if (mostMs <= 0) return { outcome: 'not_held', detail: 'its time was over before its turn came' }
  const recover = recoverer(state, `hold ${order.id}`, false, ({ child }) => child.unref(), note)
  const wait = { what: `hold: ${order.reason}`, forMs: mostMs, signal, waiting: () => undefined }
  const claimed = await claimInTurn(state, [order.name], [[order.name]], recover, wait)
  if (claimed.kind !== 'held') return signal.aborted ? WITHDRAWN : notHeld(claimed)
  try {
    const { id, name, reason, by, forMs } = order
    const untilMs = Date.now() + forMs
    addAuditLine(state, { action: 'hold', name, by, reason, rest: { order: id, untilMs } })
    return held(await holdInBackground(state, claimed, { name, reason, by, untilMs, order: id }, forMs))
  } finally {
    letGo(claimed)
  }
}

const WITHDRAWN: Done = { outcome: 'withdrawn', detail: '' }

function held({ untilMs }: Hold): Done {
  return { outcome: 'held', detail: `until ${new Date(untilMs).toISOString()}` }
}

function notHeld(claim: Exclude<Claim, { readonly kind: 'held' }>): Done {
  const why = claim.kind === 'dirty' ? `not clean: ${claim.why}` : holderOf(claim.run)
  return { outcome: 'not_held', detail: why }
}

function holderOf(run: string | null): string {
  return run === null ? 'somebody else has it' : `run ${run} has it`
}

function release(state: StatePaths, order: Order): Done {
  const { id, name, by, reason } = order
  const kept = keptRunOf(state, name)
  if (kept !== null) {
    stopRun(runPaths(state, kept), { reason: 'cancelled', by, atMs: Date.now() })
    addAuditLine(state, { action: 'release', name, by, reason, rest: { order: id, kept } })
    return { outcome: 'keep_ended', detail: `run ${kept}` }
  }
  const released = releaseName(state, { name, by, reason, rest: { order: id } })
  switch (released.kind) {
    case 'hold':
      return { outcome: 'hold_ended', detail: `${released.hold.by}: ${released.hold.reason}` }
    case 'released':
      return { outcome: 'declared_clean', detail: released.runs.map((run) => `run ${run}`).join(', ') }
    case 'clean':
      return { outcome: 'was_free', detail: '' }
    case 'busy':
      return { outcome: 'busy', detail: holderOf(runOfMark(state, name)) }
  }
}

/** A red run that is held for inspection at the name. */
function keptRunOf(state: StatePaths, name: Name): string | null {
  const run = runOfMark(state, name)
  if (run === null) return null
  const { journal } = lookAtRun(runPaths(state, run))
  return journal.kept && !journal.teardownStarted && journal.verdict === null ? run : null
}

export interface ByWhom {
  readonly name: Name
  readonly by: string
  readonly reason: string
  /** What else the audit is to say. */
  readonly rest: Fields
}

export type NameReleased =
  | Exclude<Released, { readonly kind: 'released' }>
  | { readonly kind: 'hold'; readonly hold: Hold }
  | { readonly kind: 'released'; readonly runs: readonly string[]; readonly auditFault: string | null }

/** Ends a hold, or clears the mark of a dead run; never touches a live one. */
export function releaseName(state: StatePaths, { name, by, reason, rest }: ByWhom): NameReleased {
  const line = { action: 'release', name, by, reason } as const
  const hold = holdOf(state, name)
  if (hold !== null) {
    addAuditLine(state, { ...line, rest: { held: hold.reason, heldBy: hold.by, ...rest } })
    endHold(state, hold)
    return { kind: 'hold', hold }
  }
  const released = releaseByHand(state, name, reason)
  if (released.kind !== 'released') return released
  return { ...released, auditFault: audited(state, { ...line, rest: { runs: released.runs, ...rest } }) }
}

/** It is done already, and in the journals of the runs: a full disk does not undo it. Null = the line is on disk. */
function audited(state: StatePaths, line: Parameters<typeof addAuditLine>[1]): string | null {
  try {
    addAuditLine(state, line)
    return null
  } catch (error) {
    return messageOf(error)
  }
}
