import { setTimeout as pause } from 'node:timers/promises'
import { LOOK_EVERY_MS } from '../../src/web/remembered.ts'
import { LIVE, QUEUED, RUNS, startBusyService } from './busyWorld.ts'
import { figure, type Part, percentile, ratios } from './figures.ts'
import { DOMAINS } from './queued.ts'
import { type Client, clientOf } from './request.ts'
import type { Measuring } from './wait.ts'

/** Answers two words, and reads nothing: what is left is the server's and the connection's. */
const NO_OP = '/healthz'
const AIM_MS = 100
/** Requests in turns, in each round. */
const TURNS = 20
/** Of those that find everything changed: each waits until the service looks at the locks again. */
const CHANGED_TURNS = 3

interface Page {
  readonly name: string
  readonly path: string
}

interface Times {
  /** One value a round: what 95 of 100 answers do not exceed. */
  readonly again: number[]
  readonly noOp: number[]
  /** One value an answer. */
  readonly changed: number[]
  readonly noOps: number[]
}

/** How long pages and the API take where much goes on, over a route of the same service that does nothing. */
export async function measurePages(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using busy = await startBusyService(folder)
  using client = clientOf(busy.service.port)
  const pages = pagesOf(busy.live[0]?.id ?? '')
  const times = new Map(pages.map((page) => [page, { again: [], noOp: [], changed: [], noOps: [] } as Times]))
  for (let round = 0; round <= rounds; round += 1) {
    for (const [page, took] of times) {
      measuring.signal.throwIfAborted()
      measuring.say(`pages ${round}/${rounds}: ${page.name}`)
      const again = await inTurns(client, page)
      const changed = await afterChanges(client, page, busy.change, measuring)
      // In the first round code is compiled.
      if (round === 0) continue
      took.again.push(percentile(again.page, 95))
      took.noOp.push(percentile(again.noOp, 95))
      took.changed.push(...changed.page)
      took.noOps.push(...changed.noOp)
    }
  }
  return partOf(times)
}

function pagesOf(run: string): readonly Page[] {
  return [
    { name: 'overview', path: '/' },
    { name: "a run's page", path: `/runs/${run}` },
    { name: 'API: runs', path: '/api/v1/runs' },
    { name: 'API: queue', path: '/api/v1/queue' },
    { name: 'API: locks', path: '/api/v1/locks' },
  ]
}

async function inTurns(client: Client, { path }: Page) {
  const [page, noOp]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < TURNS; turn += 1) {
    noOp.push(await client.time(NO_OP))
    page.push(await client.time(path))
  }
  return { page, noOp }
}

/** The first one who asks after a change of the records and of the locks pays for reading them. */
async function afterChanges(client: Client, { path }: Page, change: () => void, { signal }: Measuring) {
  const [page, noOp]: [number[], number[]] = [[], []]
  for (let turn = 0; turn < CHANGED_TURNS; turn += 1) {
    await pause(LOOK_EVERY_MS, undefined, { signal })
    change()
    noOp.push(await client.time(NO_OP))
    page.push(await client.time(path))
  }
  return { page, noOp }
}

function partOf(times: ReadonlyMap<Page, Times>): Part {
  return {
    name: 'pages',
    title: `11. Pages with ${DOMAINS} domains and ${RUNS} runs`,
    conditions: `\`berth serve\` over loopback; ${LIVE} runs under way, ${QUEUED} queued, the rest over. In turns with ${NO_OP}, which does nothing. p95 = of 100 answers, 95 came sooner.`,
    groups: [
      {
        title: 'the first answer after a change',
        figures: [...times].flatMap(([{ name }, took]) => afterChange(name, took)),
      },
      { title: 'asked for again', figures: [...times].flatMap(([{ name }, took]) => askedAgain(name, took)) },
    ],
  }
}

function afterChange(name: string, { changed, noOps }: Times) {
  return [
    figure(`${name}: p95`, 'ms', [percentile(changed, 95)], AIM_MS),
    figure(`${name}: over the no-op`, '×', ratios(changed, noOps)),
    figure(`${name}: each answer`, 'ms', changed),
  ]
}

function askedAgain(name: string, { again, noOp }: Times) {
  return [
    figure(`${name}: p95`, 'ms', again, AIM_MS),
    figure(`${name}: over the no-op's p95`, '×', ratios(again, noOp)),
  ]
}
