import { mkdtempSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/model/ports.ts'
import { alarmPost } from '../../src/report/alarmPost.ts'
import { type AlarmNote, type Alarms, startAlarms } from '../../src/report/alarms.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { type HandClock, handClock } from './handClock.ts'

export const START_MS = 1_700_000_000_000

interface Heard {
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly path: string
}

/** How the receiver treats its next request; by default it answers 204. */
export type Treat = (response: ServerResponse) => void

/** The real loop between a real database and a real HTTP receiver; only the clock is moved by hand. */
export interface AlarmScene extends AsyncDisposable {
  readonly host: string
  readonly heard: readonly Heard[]
  readonly treats: Treat[]
  readonly clock: HandClock
  readonly store: Store
  readonly notes: readonly AlarmNote[]
  start(address?: string, isOff?: () => boolean): Alarms
  /** The next note of this event that no call has given yet. */
  noted<E extends AlarmNote['event']>(event: E): Promise<Extract<AlarmNote, { readonly event: E }>>
  /** Resolves when so many requests have come. */
  came(count: number): Promise<void>
}

export function answering(status: number, headers: Record<string, string> = {}): Treat {
  return (response) => void response.writeHead(status, headers).end()
}

export const HANGING: Treat = () => undefined
export const BREAKING: Treat = (response) => void response.socket?.resetAndDestroy()

export async function alarmScene(): Promise<AlarmScene> {
  const stack = new AsyncDisposableStack()
  const heard: Heard[] = []
  const treats: Treat[] = []
  const bell = ringing()
  const server = createServer(async (request, response) => {
    const body = Buffer.concat(await Array.fromAsync(request)).toString()
    heard.push({ headers: request.headers, body, path: request.url ?? '' })
    const treat = treats.shift() ?? answering(204)
    treat(response)
    bell.ring()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const folder = mkdtempSync(join(tmpdir(), 'berth-alarms-'))
  stack.defer(() => rmSync(folder, { recursive: true }))
  const clock = handClock(START_MS)
  const store = await openStore(join(folder, 'berth.db'), clock.now)
  stack.defer(() => store.close())
  const notes: AlarmNote[] = []
  const given = new Set<AlarmNote>()
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const started: Alarms[] = []
  return {
    host,
    heard,
    treats,
    clock,
    store,
    notes,
    start(address = `http://${host}/hook`, isOff = () => false) {
      const note = (told: AlarmNote) => {
        notes.push(told)
        bell.ring()
      }
      const alarms = startAlarms({
        store,
        post: () => (isOff() ? null : alarmPost(address)),
        time: clock,
        note,
      })
      started.push(alarms)
      return alarms
    },
    async noted<E extends AlarmNote['event']>(event: E) {
      const isNew = (note: AlarmNote): note is Extract<AlarmNote, { readonly event: E }> =>
        note.event === event && !given.has(note)
      const found = await bell.until(() => notes.find(isNew))
      given.add(found)
      return found
    },
    came: async (count) => void (await bell.until(() => heard.length >= count || undefined)),
    async [Symbol.asyncDispose]() {
      for (const alarms of started) await alarms[Symbol.asyncDispose]()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      await stack.disposeAsync()
    },
  }
}

function ringing() {
  let next = Promise.withResolvers<void>()
  return {
    ring(): void {
      next.resolve()
      next = Promise.withResolvers<void>()
    },
    async until<T>(look: () => T | undefined): Promise<T> {
      for (;;) {
        const { promise } = next
        const found = look()
        if (found !== undefined) return found
        await promise
      }
    },
  }
}
