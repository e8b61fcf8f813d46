import { EXIT, InputError } from '../errors.ts'
import { plainText } from '../model/plainText.ts'
import type { Store } from '../model/ports.ts'
import type { Retried, UnsentReport } from '../model/report.ts'
import { addAuditLine } from '../store/audit.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { personName } from './person.ts'
import { withStore } from './queue.ts'
import { paintOf, type Screen } from './screen.ts'
import { type Column, momentText, table } from './table.ts'

/** More than anybody reads; a service that is behind by more has other troubles. */
const MOST_LISTED = 1000

/** `berth reports`: what waits for GitHub, and what was given up. */
export async function listReports({ state, stdout }: Context, json: boolean): Promise<number> {
  const reports = (await withStore(state, (store) => store.unsentReports(MOST_LISTED))) ?? []
  if (json) stdout.write(jsonText(reports))
  else if (reports.length === 0) stdout.write('GitHub has been told everything.\n')
  else
    stdout.write(
      table(
        HEADS,
        reports.map((report) => rowOf(report, stdout)),
        stdout,
      ),
    )
  return EXIT.ok
}

const HEADS: readonly (string | Column)[] = [
  { head: 'report', whole: true },
  { head: 'state', paint: paintOf },
  'of',
  { head: 'attempts', spare: 2 },
  { head: 'made', spare: 1 },
  'next try',
  'why not',
]

function rowOf(report: UnsentReport, screen: Screen): string[] {
  const { key, state, runId, repository, pr, attempts, createdAtMs, notBeforeMs, error } = report
  return [
    key,
    state === 'failed' ? 'given up' : state,
    `${repository}#${pr}${runId === null ? '' : ` run ${runId}`}`,
    String(attempts),
    momentText(createdAtMs, screen),
    state === 'failed' ? '' : momentText(notBeforeMs === 0 ? null : notBeforeMs, screen),
    error ?? '',
  ]
}

export interface RetryWish {
  readonly keys: readonly string[]
  readonly all: boolean
  readonly reason: string
}

/** `berth reports retry`: beside a service, which sends them within seconds, or for the next one. Ends with 3 where a key is of no report. */
export async function retryReports(context: Context, wish: RetryWish): Promise<number> {
  const { state, stdout, stderr } = context
  if (wish.all === wish.keys.length > 0)
    throw new InputError('berth reports retry', [
      'name reports by their keys (`berth reports`), or say --all',
    ])
  const done =
    (await withStore(state, (store) => retryEach(store, context, wish))) ??
    wish.keys.map((key): Done => ({ key, retried: 'unknown' }))
  if (done.length === 0) stdout.write('No report was given up.\n')
  for (const { key, retried } of done)
    (retried === 'unknown' ? stderr : stdout).write(`${plainText(key)} ${TEXTS[retried]}.\n`)
  return done.some(({ retried }) => retried === 'unknown') ? EXIT.noSuchRun : EXIT.ok
}

const TEXTS: Readonly<Record<Retried, string>> = {
  again: 'is sent once more',
  pending: 'is waiting to be sent already; see `berth reports`',
  sent: 'was sent',
  outdated: 'says what is not true any more: something newer of its run is sent instead',
  unknown: 'is no report; see `berth reports`',
}

interface Done {
  readonly key: string
  readonly retried: Retried
}

async function retryEach(store: Store, { state }: Context, wish: RetryWish): Promise<readonly Done[]> {
  const keys = wish.all ? await givenUp(store) : wish.keys
  const done: Done[] = []
  for (const key of keys) {
    const retried = await store.retryReport(key, Date.now())
    done.push({ key, retried })
    const line = { action: 'retry', name: key, by: personName(), reason: wish.reason } as const
    if (retried === 'again') addAuditLine(state, { ...line, rest: {} })
  }
  return done
}

async function givenUp(store: Store): Promise<readonly string[]> {
  const { count } = await store.failedReports(0)
  return (await store.failedReports(count)).newest.map(({ key }) => key).toReversed()
}
