import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { retry } from '@octokit/plugin-retry'
import { Octokit } from '@octokit/rest'
import type { NewRun, Store } from '../../src/model/ports.ts'
import type { NewReply, NewReport } from '../../src/model/report.ts'
import { githubWriter } from '../../src/report/github.ts'
import { type Outbox, startOutbox } from '../../src/report/outbox.ts'
import type { Pace } from '../../src/report/pace.ts'
import type { OutboxStore } from '../../src/report/ports.ts'
import type { OutboxNote } from '../../src/report/send.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { aDecision, aDelivery } from '../store/samples.ts'
import { type HandClock, handClock } from './handClock.ts'
import { APP_ID, type StrictGitHub, strictGitHub } from './strictGitHub.ts'

export const START_MS = 1_700_000_000_000
const FAST: Pace = { burst: 1_000_000, perHour: 1_000_000 }

/** The real outbox between a real database and a real HTTP server; only the clock is moved by hand. */
export interface OutboxWorld extends AsyncDisposable {
  readonly github: StrictGitHub
  readonly clock: HandClock
  readonly store: Store
  readonly notes: OutboxNote[]
  /** Queues runs as intake does. */
  queue(runs: readonly NewRun[], reports: readonly NewReport[], replies?: readonly NewReply[]): Promise<void>
  start(change?: {
    readonly pace?: Pace
    readonly store?: OutboxStore
    readonly isOff?: () => boolean
  }): Outbox
  /** The next note of this event that no call has given yet. */
  noted<E extends OutboxNote['event']>(event: E): Promise<Extract<OutboxNote, { readonly event: E }>>
}

const RetryingOctokit = Octokit.plugin(retry)

export async function outboxWorld(): Promise<OutboxWorld> {
  const stack = new AsyncDisposableStack()
  const github = await strictGitHub()
  const outboxes: Outbox[] = []
  const folder = stack.adopt(mkdtempSync(join(tmpdir(), 'berth-outbox-')), (path) =>
    rmSync(path, { recursive: true }),
  )
  const clock = handClock(START_MS)
  const store = stack.adopt(await openStore(join(folder, 'berth.db'), clock.now), (open) => open.close())
  const { notes, note, noted } = noteBook()
  const log = { debug() {}, info() {}, warn() {}, error() {} }
  const octokitFor = async () =>
    new RetryingOctokit({ baseUrl: github.url, auth: [...github.tokens][0], log })

  return {
    github,
    clock,
    store,
    notes,
    noted,
    async queue(runs, reports, replies = []) {
      const id = `delivery of ${reports.map(({ key }) => key).join(' ')}`
      await store.addDelivery(aDelivery(id))
      await store.decide(aDecision(id, { runs, reports, replies }))
    },
    start(change = {}) {
      const outbox = startOutbox({
        store: change.store ?? store,
        github: githubWriter({ octokitFor, appId: APP_ID, time: clock }),
        time: clock,
        pace: change.pace ?? FAST,
        page: (run) => `https://ci.test/runs/${run}`,
        isOff: change.isOff ?? (() => false),
        note,
      })
      outboxes.push(outbox)
      return outbox
    },
    /** What hangs ends with its connection: nobody moves the clock here. */
    async [Symbol.asyncDispose]() {
      await Promise.all([...outboxes.map((outbox) => outbox.close()), github[Symbol.asyncDispose]()])
      await stack.disposeAsync()
    },
  }
}

function noteBook() {
  const notes: OutboxNote[] = []
  const given = new Set<OutboxNote>()
  let arrived = Promise.withResolvers<void>()

  async function noted<E extends OutboxNote['event']>(event: E) {
    for (;;) {
      const next = arrived.promise
      const found = notes.find((note) => note.event === event && !given.has(note))
      if (found !== undefined) {
        given.add(found)
        return found as Extract<OutboxNote, { readonly event: E }>
      }
      await next
    }
  }

  function note(heard: OutboxNote): void {
    notes.push(heard)
    arrived.resolve()
    arrived = Promise.withResolvers<void>()
  }

  return { notes, note, noted }
}
