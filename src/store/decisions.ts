import { HarnessError } from '../errors.ts'
import type { Approval, Decided, HeadSeen, NewRun, Store } from '../model/ports.ts'
import { fieldsOf, numberOf, textOf } from '../model/read.ts'
import type { NewReport } from '../model/report.ts'
import type { Actions } from './actions.ts'
import type { Database } from './database.ts'
import type { Grouped } from './grouped.ts'
import { movesOn } from './moves.ts'
import type { Orders } from './orders.ts'
import type { Replies } from './replies.ts'
import type { Reports } from './reports.ts'
import type { RunChanges } from './runChanges.ts'
import type { Runs } from './runs.ts'

/** What was nothing for us is kept as a line, and not as its payload: a busy repository has thousands a day. */
const END = `
  UPDATE deliveries SET decided_at = :atMs, outcome = :outcome, error = NULL,
    action  = CASE WHEN json_valid(payload) THEN json_extract(payload, '$.action') END,
    payload = CASE WHEN :outcome = 'event_not_used' THEN '' ELSE payload END
   WHERE id = :id AND decided_at IS NULL`

const KNOWN = 'SELECT 1 FROM deliveries WHERE id = :id'

const CLAIM_SUBJECT = `
  INSERT INTO subjects (subject, delivery_id, acted_at) VALUES (:subject, :id, :atMs)
  ON CONFLICT (subject) DO NOTHING`

const HAS_SUBJECT = 'SELECT 1 FROM subjects WHERE subject = :subject'

const ADD_USE = 'INSERT INTO uses (key, used_at) VALUES (:key, :atMs)'

/** Limits look back an hour; what is older than a week serves nobody. */
const FORGET_USES = 'DELETE FROM uses WHERE used_at < :atMs - 604800000'

/** Deliveries may come out of order: the youngest push stands. */
const SEE_HEAD = `
  INSERT INTO heads (repository_id, pr, sha, seen_at) VALUES (:repositoryId, :pr, :sha, :atMs)
  ON CONFLICT (repository_id, pr) DO UPDATE SET sha = excluded.sha, seen_at = excluded.seen_at
   WHERE excluded.seen_at >= seen_at`

const LAST_HEAD = 'SELECT * FROM heads WHERE repository_id = :repositoryId AND pr = :pr'

const APPROVE = `
  INSERT INTO approvals (repository_id, pr, sha, actor, revoked, given_at, decided_at)
  VALUES (:repositoryId, :pr, :sha, :actor, :revoked, :atMs, :decidedAtMs)
  ON CONFLICT (repository_id, pr, sha) DO UPDATE
   SET actor = excluded.actor, revoked = excluded.revoked, given_at = excluded.given_at, decided_at = excluded.decided_at
   WHERE excluded.given_at >= given_at`

const APPROVAL = 'SELECT * FROM approvals WHERE repository_id = :repositoryId AND pr = :pr AND sha = :sha'

const APPROVALS = 'SELECT * FROM approvals WHERE repository_id = :repositoryId AND pr = :pr'

/** What a delivery is recorded with when another one has been acted on for the same thing. */
const REPEATED = 'repeated'

/** The parts that a decision writes to, all in its one transaction. */
interface Written {
  readonly runs: Runs
  readonly changes: RunChanges
  readonly reports: Reports
  readonly replies: Replies
  readonly orders: Orders
  readonly actions: Actions
}

export function decisionsOn(
  database: Database,
  grouped: Grouped,
  written: Written,
): Pick<Store, 'decide' | 'hasActed' | 'lastHead' | 'approval' | 'approvals'> {
  const end = database.prepare(END)
  const known = database.prepare(KNOWN)
  const hasSubject = database.prepare(HAS_SUBJECT)
  const write = writerOn(database, written)

  function decide(decided: Decided): boolean {
    const { deliveryId: id, atMs } = decided
    const repeated = decided.subjects.some((subject) => hasSubject.get({ subject }) !== undefined)
    const outcome = repeated ? REPEATED : decided.outcome
    const ended = end.run({ id, atMs, outcome }).changes === 1
    if (!ended && known.get({ id }) === undefined) throw fault(id, 'is not in the store')
    written.actions.end(decided, outcome)
    if (!ended || repeated) return false
    write(decided)
    return true
  }

  return {
    ...memoryOn(database),
    hasActed: async (subject) => database.read(() => hasSubject.get({ subject }) !== undefined),
    async decide(decided) {
      refuseUnreported(decided)
      return grouped.write(() => decide(decided))
    },
  }
}

function writerOn(database: Database, { runs, changes, reports, replies, orders }: Written) {
  const claim = database.prepare(CLAIM_SUBJECT)
  const use = database.prepare(ADD_USE)
  const forget = database.prepare(FORGET_USES)
  const seeHead = database.prepare(SEE_HEAD)
  const approve = database.prepare(APPROVE)
  const move = movesOn(database)

  return (decided: Decided): void => {
    const { deliveryId: id, atMs } = decided
    for (const subject of decided.subjects) claim.run({ subject, id, atMs })
    for (const run of decided.runs) runs.add(run)
    for (const { runId, stop } of decided.stops) changes.noteStop(runId, stop)
    for (const key of decided.uses) use.run({ key, atMs })
    if (decided.uses.length > 0) forget.run({ atMs })
    for (const head of decided.heads) seeHead.run({ ...head })
    for (const approval of decided.approvals)
      approve.run({ ...approval, revoked: approval.revoked ? 1 : 0, decidedAtMs: atMs })
    for (const one of decided.moves) move(one)
    for (const reply of decided.replies) replies.add(reply, atMs)
    for (const order of decided.orders) orders.add(order)
    reports.add(decided.reports)
  }
}

function memoryOn(database: Database): Pick<Store, 'lastHead' | 'approval' | 'approvals'> {
  const lastHead = database.prepare(LAST_HEAD)
  const approval = database.prepare(APPROVAL)
  const approvals = database.prepare(APPROVALS)
  return {
    lastHead: async (repositoryId, pr) => database.read(() => headOf(lastHead.get({ repositoryId, pr }))),
    approval: async (repositoryId, pr, sha) =>
      database.read(() => approvalOf(approval.get({ repositoryId, pr, sha }))),
    approvals: async (repositoryId, pr) =>
      database.read(() => approvals.all({ repositoryId, pr }).flatMap((row) => approvalOf(row) ?? [])),
  }
}

function headOf(row: unknown): HeadSeen | null {
  if (row === undefined) return null
  const fields = fieldsOf(row, 'head')
  return {
    repositoryId: textOf(fields, 'repository_id'),
    pr: numberOf(fields, 'pr'),
    sha: textOf(fields, 'sha'),
    atMs: numberOf(fields, 'seen_at'),
  }
}

function approvalOf(row: unknown): Approval | null {
  if (row === undefined) return null
  const fields = fieldsOf(row, 'approval')
  return {
    repositoryId: textOf(fields, 'repository_id'),
    pr: numberOf(fields, 'pr'),
    sha: textOf(fields, 'sha'),
    actor: textOf(fields, 'actor'),
    revoked: numberOf(fields, 'revoked') === 1,
    atMs: numberOf(fields, 'given_at'),
  }
}

/** No run without a report: a run that nobody sees is refused before anything is written. */
function refuseUnreported({ deliveryId, runs, reports }: Decided): void {
  const silent = runs.find((run) => !reports.some((report) => tellsOf(report, run)))
  if (silent !== undefined) throw fault(deliveryId, `would queue run ${silent.id} without a check report`)
}

function tellsOf(report: NewReport, run: NewRun): boolean {
  return report.kind === 'check' && report.runId === run.id
}

function fault(deliveryId: string, what: string): HarnessError {
  return new HarnessError('DECISION', `Delivery ${deliveryId} ${what}`)
}
