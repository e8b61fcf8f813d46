import { expect } from 'vitest'
import type { NewRun, Store } from '../../../src/model/ports.ts'
import type { NewReport, Report } from '../../../src/model/report.ts'
import type { RunState } from '../../../src/model/run.ts'
import { aCheck, aDecision, aDelivery, aReaction, aRun, PASSED } from '../samples.ts'

/** Records of their own for one test; `open` connects to them as one more process would. */
export interface Records extends AsyncDisposable {
  open(now?: () => number): Promise<Store>
  /** Makes the record of a run one that this berth cannot read, as a newer one may; and takes that back. */
  spoil(run: string): Promise<void>
  mend(run: string): Promise<void>
}

export type Factory = () => Promise<Records>

/** Queues runs as intake does: by a delivery and its decision. */
export async function queue(store: Store, ...wanted: readonly NewRun[]): Promise<void> {
  const id = `queue ${wanted.map((run) => run.id).join(' ')}`
  await store.addDelivery(aDelivery(id))
  await store.decide(aQueueing(id, ...wanted))
}

export function aQueueing(deliveryId: string, ...wanted: readonly NewRun[]) {
  const first = (run: NewRun) => aCheck(run.id, 0, { installationId: run.installationId })
  return aDecision(deliveryId, { runs: wanted, reports: wanted.map(first) })
}

const WAYS: Readonly<Record<RunState, readonly RunState[]>> = {
  queued: [],
  starting: ['starting'],
  running: ['starting', 'running'],
  tearing_down: ['starting', 'running', 'tearing_down'],
  concluded: ['concluded'],
}

/** Takes a queued run to a state, step by step. */
export async function lead(store: Store, id: string, to: RunState): Promise<void> {
  for (const state of WAYS[to]) {
    const from = (await store.run(id))?.state ?? 'queued'
    expect(await store.change(id, from, changeTo(state), tellingOf(id, state))).toEqual({ kind: 'changed' })
  }
}

export function changeTo(state: RunState) {
  return state === 'concluded' ? { state, verdict: PASSED, concludedAtMs: 5_000 } : { state }
}

export function tellingOf(id: string, state: RunState): readonly NewReport[] {
  return state === 'concluded' ? [aCheck(id, 99, { terminal: true })] : []
}

export async function send(store: Store, key: string): Promise<void> {
  const report = (await store.dueReports(9_000, 100)).find((candidate) => candidate.key === key)
  await store.beginReport(report?.seq ?? 0, 19_000)
  await store.reportSent(report?.seq ?? 0, 9_000, null)
}

/** Runs that a comment has asked for, with its reply. */
export async function queueAnswered(
  store: Store,
  commentId: number,
  ...runs: readonly NewRun[]
): Promise<void> {
  await queue(store, ...runs)
  await answered(
    store,
    commentId,
    runs.map(({ id }) => id),
  )
}

export async function answered(store: Store, commentId: number, runs: readonly string[]): Promise<void> {
  const id = `delivery of comment ${commentId}`
  await store.addDelivery(aDelivery(id))
  const { repository, installationId, pr } = aRun('any')
  const reply = { commentId, repository, installationId, pr, parts: [{ text: 'Testing.', runs, orders: [] }] }
  const report = { ...aReaction(commentId), key: `reply:${commentId}`, kind: 'reply' } as const
  await store.decide(aDecision(id, { replies: [reply], reports: [report] }))
}

export async function conclude(store: Store, id: string): Promise<void> {
  const verdict = { conclusion: 'success', reason: 'passed', title: 'All green', exitCode: 0 } as const
  const change = { state: 'concluded', verdict, concludedAtMs: 2_000 } as const
  const report = { ...aCheck(id, 1), terminal: true }
  expect(await store.change(id, 'queued', change, [report])).toEqual({ kind: 'changed' })
}

export function tell(store: Store, commentId: number, change: number): Promise<boolean> {
  const report = { ...aReaction(commentId), key: `reply:${commentId}:${change}`, kind: 'reply' } as const
  return store.tellReply({ commentId, change }, report)
}

export function repliesOf(reports: readonly Report[]): readonly Report[] {
  return reports.filter(({ kind }) => kind === 'reply')
}

/** A store whose deliveries are made as decisions need them. */
export async function deciding(bed: Records) {
  const store = await bed.open(() => 1_000)
  let deliveries = 0
  const decide = async (change: Parameters<typeof aDecision>[1]) => {
    deliveries += 1
    await store.addDelivery(aDelivery(`d${deliveries}`))
    return store.decide(aDecision(`d${deliveries}`, change))
  }
  return { store, decide }
}
