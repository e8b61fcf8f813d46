import { appendFileSync } from 'node:fs'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { runPaths } from '../../src/store/runFolder.ts'
import { type BusyService, startBusyService } from './busyWorld.ts'
import { figure, type Part, ratios } from './figures.ts'
import { cpuMsOf, memoryOf } from './processes.ts'
import { type Measuring, nowMs } from './wait.ts'

const MANY = 500
const LOG = '01-only'
/** In each round, for few and for many. */
const CHANGES = 10
/** Until what was opened is at rest. */
const REST_MS = 3_000

/** Who follows one log. */
interface Watchers extends Disposable {
  /** Resolves once every one of them has heard of what is written there now; milliseconds from the write to the last of them. */
  readonly change: () => Promise<number>
}

interface Times {
  readonly last: number[]
  readonly processor: number[]
}

/** What it costs the service that 500 people watch the same run, over one who does. */
export async function measureWatchers(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using busy = await startBusyService(folder)
  const { pid } = busy.service
  using one = await watch(busy, 0, 1)
  for (let change = 0; change < CHANGES; change += 1) await one.change()
  const before = memoryOf(pid).residentKb
  using many = await watch(busy, 1, MANY)
  await many.change()
  await pause(REST_MS, undefined, { signal: measuring.signal })
  const perWatcherKb = (memoryOf(pid).residentKb - before) / MANY
  const times = { one: noTimes(), many: noTimes() }
  for (let round = 0; round <= rounds; round += 1) {
    measuring.say(`watchers ${round}/${rounds}`)
    for (const [who, watchers] of [
      ['one', one],
      ['many', many],
    ] as const) {
      measuring.signal.throwIfAborted()
      const took = await changes(pid, watchers)
      if (round === 0) continue
      times[who].last.push(took.lastMs)
      times[who].processor.push(took.processorMs)
    }
  }
  const shown = (memoryOf(pid).residentKb - before) / MANY
  return partOf(times, [perWatcherKb, shown])
}

function noTimes(): Times {
  return { last: [], processor: [] }
}

async function changes(pid: number, watchers: Watchers) {
  const cpuMs = cpuMsOf(pid)
  let sumMs = 0
  for (let change = 0; change < CHANGES; change += 1) sumMs += await watchers.change()
  return { lastMs: sumMs / CHANGES, processorMs: (cpuMsOf(pid) - cpuMs) / CHANGES }
}

async function watch({ service, live }: BusyService, which: number, count: number): Promise<Watchers> {
  const run = live[which]?.id ?? ''
  const path = join(runPaths(service.world.state, run).stages, `${LOG}.log`)
  appendFileSync(path, '')
  let changed = 0
  let waiting = { for: '', left: 0, all: Promise.withResolvers<number>() }
  const heard = (answer: IncomingMessage) => {
    let line = ''
    answer.on('data', (chunk: Buffer) => {
      line = (line + chunk.toString()).slice(-MOST_EVENT)
      if (waiting.for === '' || !line.includes(waiting.for)) return
      line = ''
      waiting.left -= 1
      if (waiting.left === 0) waiting.all.resolve(nowMs())
    })
    answer.once('close', () => waiting.all.reject(new Error('a watcher was cut off')))
  }
  const answers = await Promise.all(
    Array.from({ length: count }, () =>
      opened(service.port, `/runs/${run}/logs/${LOG}/events?from=0&line=1`),
    ),
  )
  answers.forEach(heard)
  return {
    async change() {
      changed += 1
      waiting = { for: `change ${changed} of ${run}`, left: count, all: Promise.withResolvers<number>() }
      const beganMs = nowMs()
      appendFileSync(path, `${waiting.for}\n`)
      return (await waiting.all.promise) - beganMs
    },
    [Symbol.dispose]() {
      waiting.all.promise.catch(() => undefined)
      for (const answer of answers) answer.destroy()
    },
  }
}

const MOST_EVENT = 4096

function opened(port: number, path: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      if (answer.statusCode === 200) return resolve(answer)
      answer.resume()
      reject(new Error(`${path} answers ${answer.statusCode}`))
    }).once('error', reject)
  })
}

function partOf(
  { one, many }: { readonly one: Times; readonly many: Times },
  kilobytes: readonly number[],
): Part {
  return {
    name: 'watchers',
    title: `13. ${MANY} watchers of one run, through server-sent events`,
    conditions: `Each has a connection of its own; a change is a line of the log. In turns with one watcher of another run; means of ${CHANGES} changes. The watchers share the machine.`,
    groups: [
      {
        title: 'from a change to the last watcher',
        figures: [
          figure(`${MANY} watchers`, 'ms', many.last),
          figure('one watcher', 'ms', one.last),
          figure(`${MANY} over one`, '×', ratios(many.last, one.last)),
        ],
      },
      {
        title: "the service's processor, for each change",
        figures: [
          figure(`${MANY} watchers`, 'ms', many.processor),
          figure('one watcher', 'ms', one.processor),
        ],
      },
      {
        title: 'resident memory',
        figures: [figure('for each watcher, at rest and in the end', 'KB', kilobytes)],
      },
    ],
  }
}
