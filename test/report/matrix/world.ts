import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Octokit } from '@octokit/rest'
import type { NewRun, Store } from '../../../src/model/ports.ts'
import type { NewReply, NewReport } from '../../../src/model/report.ts'
import { githubWriter } from '../../../src/report/github.ts'
import { type Outbox, startOutbox } from '../../../src/report/outbox.ts'
import type { OutboxNote } from '../../../src/report/send.ts'
import type { GitHubStandIn } from '../../../src/sandbox/github/server.ts'
import { openStore } from '../../../src/store/sqlite.ts'
import { APP_ID } from '../../sandbox/support.ts'
import { aDecision, aDelivery } from '../../store/samples.ts'
import { type HandClock, handClock } from '../handClock.ts'

const FAST = { burst: 1_000_000, perHour: 1_000_000 }

/** How a report ended: `sent` or `failed`, after so many attempts. */
export interface End {
  readonly event: 'report.sent' | 'report.failed'
  readonly attempts: number
}

/** One outbox on records of its own; the clock is moved by hand from the present on, the GitHub is everybody's. */
export interface MatrixWorld extends AsyncDisposable {
  readonly gitHub: GitHubStandIn
  readonly clock: HandClock
  readonly store: Store
  readonly outbox: Outbox
  /** Queues a run as the intake does. */
  queue(run: NewRun, reports: readonly NewReport[], replies?: readonly NewReply[]): Promise<void>
  /** Goes from pause to pause until this report is sent or given up. */
  ended(key: string): Promise<End>
}

export async function matrixWorld(gitHub: GitHubStandIn, octokit: Octokit): Promise<MatrixWorld> {
  const stack = new AsyncDisposableStack()
  const folder = mkdtempSync(join(tmpdir(), 'berth-matrix-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const clock = handClock(Date.now())
  const store = await openStore(join(folder, 'berth.db'), clock.now)
  stack.defer(() => store.close())
  const notes = noteBook()
  const outbox = startOutbox({
    store,
    github: githubWriter({ octokitFor: async () => octokit, appId: APP_ID, time: clock }),
    time: clock,
    pace: FAST,
    page: () => null,
    note: notes.note,
  })
  return {
    gitHub,
    clock,
    store,
    outbox,
    async queue(run, reports, replies = []) {
      await store.addDelivery(aDelivery(`queue ${run.id}`))
      await store.decide(aDecision(`queue ${run.id}`, { runs: [run], reports, replies }))
    },
    async ended(key) {
      for (;;) {
        const note = await notes.next(key)
        if (note.event !== 'report.put_off') return { event: note.event, attempts: note.attempts }
        clock.advance(note.untilMs - clock.now())
      }
    },
    async [Symbol.asyncDispose]() {
      await outbox.close()
      await stack.disposeAsync()
    },
  }
}

type AttemptNote = Extract<OutboxNote, { readonly report: unknown }>

function noteBook() {
  const notes: AttemptNote[] = []
  let arrived = Promise.withResolvers<void>()
  return {
    note(heard: OutboxNote): void {
      if (!('report' in heard)) return
      notes.push(heard)
      arrived.resolve()
      arrived = Promise.withResolvers<void>()
    },
    /** The next note about this report, each once. */
    async next(key: string): Promise<AttemptNote> {
      for (;;) {
        const { promise } = arrived
        const index = notes.findIndex(({ report }) => report.key === key)
        const [found] = index < 0 ? [] : notes.splice(index, 1)
        if (found !== undefined) return found
        await promise
      }
    },
  }
}
