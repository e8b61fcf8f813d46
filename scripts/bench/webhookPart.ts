import { spawn } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, fsyncSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs'
import { Agent, request } from 'node:http'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { type Figure, figure, type Part, ratios } from './figures.ts'
import { bareEnvironment } from './processes.ts'
import { SECRET, type Service, startService, WEBHOOKS } from './service.ts'
import { type Measuring, nowMs, until } from './wait.ts'

const WARM_UPS = 300
/** One after the other, in turns with the yardstick. */
const ONE_BY_ONE = 100
/** At once and all in all, for the rate. */
const [AT_ONCE, MANY] = [16, 400]

/** What it costs GitHub to be rid of a delivery, which is on disk then, over a Probot app that does nothing with it. */
export async function measureWebhooks(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using service = await startService(folder)
  await using bare = await startBare()
  await using agent = keepAlive()
  const comment = { event: 'issue_comment', payload: await aPayload(service) }
  const toBare = senderTo(bare.port, comment, agent)
  const toBerth = senderTo(service.port, comment, agent)
  const toDecide = senderTo(service.port, aButton(comment.payload), agent)
  using disk = flushesBelow(folder, comment.payload)
  const idle = () => allDecided(service, measuring.signal)
  for (let n = 0; n < WARM_UPS; n += 1) await toBare().then(toBerth).then(toDecide)
  await idle()
  const all: Round[] = []
  for (let round = 1; round <= rounds; round += 1) {
    measuring.signal.throwIfAborted()
    const latency: Latencies = { bareMs: [], berthMs: [], decidedMs: [], flushMs: [] }
    for (let n = 0; n < ONE_BY_ONE; n += 1) {
      latency.bareMs.push(await toBare())
      latency.berthMs.push(await toBerth())
      latency.decidedMs.push(await toDecide())
      latency.flushMs.push(disk.time())
    }
    await idle()
    const bareRate = await rateOf(toBare)
    const berthRate = await rateOf(toBerth)
    const decidedRate = await rateOf(toDecide)
    await idle()
    all.push({ ...latency, bareRate, berthRate, decidedRate })
    measuring.say(`webhook ${round}/${rounds}`)
  }
  return partOf(all, Buffer.byteLength(comment.payload))
}

interface Latencies {
  readonly bareMs: number[]
  /** Of what asks for nothing. */
  readonly berthMs: number[]
  /** Of what has to be decided. */
  readonly decidedMs: number[]
  readonly flushMs: number[]
}

interface Round extends Latencies {
  /** Deliveries a second. */
  readonly bareRate: number
  readonly berthRate: number
  readonly decidedRate: number
}

interface Sent {
  readonly event: string
  readonly payload: string
}

/** A comment as GitHub tells of it, with no command in it. */
async function aPayload({ gitHub }: Service): Promise<string> {
  gitHub.people.comment(1, 'octocat', 'Nice work. Only a small thing: the greeting could say who it greets.')
  await gitHub.deliveries.idle()
  return gitHub.deliveries.records()[0]?.payload ?? ''
}

/** As large, and kept whole until the records have said that there is no such run. */
function aButton(comment: string): Sent {
  const button = { action: 'rerequested', check_run: { id: 1, external_id: 'of another App' } }
  return { event: 'check_run', payload: JSON.stringify({ ...JSON.parse(comment), ...button }) }
}

async function startBare(): Promise<AsyncDisposable & { readonly port: number }> {
  const program = fileURLToPath(new URL('bareProbot.ts', import.meta.url))
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', process.execPath, program, WEBHOOKS, SECRET], {
    env: { ...bareEnvironment(), NODE_ENV: 'production' },
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const exited = once(child, 'exit')
  const [line] = await Promise.race([
    once(createInterface(child.stdout), 'line'),
    exited.then(() => Promise.reject(new Error('the bare Probot app does not start'))),
  ])
  return {
    port: Number(line),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL')
      await exited
    },
  }
}

/** What the disk asks for one durable write of as many bytes, over ones that are there already, as SQLite's log writes them. */
function flushesBelow(folder: string, payload: string): Disposable & { readonly time: () => number } {
  const file = join(folder, `berth-bench-flush-${process.pid}`)
  const bytes = Buffer.from(payload)
  writeFileSync(file, bytes)
  const fd = openSync(file, 'r+')
  return {
    time() {
      const beganMs = nowMs()
      writeSync(fd, bytes, 0, bytes.length, 0)
      fsyncSync(fd)
      return nowMs() - beganMs
    },
    [Symbol.dispose]() {
      closeSync(fd)
      rmSync(file)
    },
  }
}

/** Connections stay open, as GitHub's do through a proxy. */
function keepAlive(): Agent & AsyncDisposable {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE })
  return Object.assign(agent, { [Symbol.asyncDispose]: async () => agent.destroy() })
}

/** Delivers the payload under a new id each time; resolves to how long the whole answer took, in ms. */
function senderTo(port: number, { event, payload }: Sent, agent: Agent): () => Promise<number> {
  const signature = `sha256=${createHmac('sha256', SECRET).update(payload).digest('hex')}`
  return async () => {
    const headers = {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(payload),
      'user-agent': 'GitHub-Hookshot/5e0a7c1',
      'x-github-delivery': randomUUID(),
      'x-github-event': event,
      'x-hub-signature-256': signature,
    }
    const beganMs = nowMs()
    const sent = request({ host: '127.0.0.1', port, path: WEBHOOKS, method: 'POST', headers, agent })
    sent.end(payload)
    const [response] = await once(sent, 'response')
    response.resume()
    await once(response, 'end')
    if (response.statusCode >= 300) throw new Error(`a delivery was answered with ${response.statusCode}`)
    return nowMs() - beganMs
  }
}

async function rateOf(send: () => Promise<number>): Promise<number> {
  let left = MANY
  const beganMs = nowMs()
  async function sendOn(): Promise<void> {
    while (left > 0) {
      left -= 1
      await send()
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, sendOn))
  return (MANY / (nowMs() - beganMs)) * 1000
}

async function allDecided({ log }: Service, signal: AbortSignal): Promise<void> {
  await until(
    'every delivery to be decided',
    () => log.count('delivery.decided') === log.count('delivery.stored'),
    signal,
  )
}

function partOf(rounds: readonly Round[], bytes: number): Part {
  return {
    name: 'webhook',
    title: '7. A signed webhook, accepted and on disk, over a bare Probot app',
    conditions: `A comment without a command, ${bytes} bytes, over connections that stay open. Berth stores that in one write; a delivery that has to be decided (a button of a check that is no run’s, as many bytes) in two, the second one beside the next deliveries. The yardstick keeps nothing. ${ONE_BY_ONE} in turns for the latency of a round, ${MANY} with ${AT_ONCE} at once for its rate.`,
    groups: [
      { title: 'latency', figures: latencies(rounds) },
      { title: 'deliveries a second', figures: rates(rounds) },
    ],
  }
}

function latencies(rounds: readonly Round[]): readonly Figure[] {
  const at = (share: number, whose: keyof Latencies) => rounds.map((round) => quantile(round[whose], share))
  const [bare50, bare99] = [at(0.5, 'bareMs'), at(0.99, 'bareMs')]
  const [berth50, berth99] = [at(0.5, 'berthMs'), at(0.99, 'berthMs')]
  const [decided50, flush50] = [at(0.5, 'decidedMs'), at(0.5, 'flushMs')]
  const bareAndFlush = bare50.map((value, round) => value + (flush50[round] ?? Number.NaN))
  return [
    figure('p50, over the bare app', '×', ratios(berth50, bare50), 1.5),
    figure('p99, over the bare app', '×', ratios(berth99, bare99)),
    figure('p50, over the bare app and one flush', '×', ratios(berth50, bareAndFlush)),
    figure('p50 to be decided, over the bare app', '×', ratios(decided50, bare50)),
    figure('p50 to be decided, over the bare app and one flush', '×', ratios(decided50, bareAndFlush)),
    figure('p50 berth', 'ms', berth50),
    figure('p50 berth, to be decided', 'ms', decided50),
    figure('p50 bare Probot app', 'ms', bare50),
    figure('p50 one flush of as many bytes', 'ms', flush50),
    figure('p99 berth', 'ms', berth99),
    figure('p99 bare Probot app', 'ms', bare99),
  ]
}

function rates(rounds: readonly Round[]): readonly Figure[] {
  const [berth, bare] = [rounds.map(({ berthRate }) => berthRate), rounds.map(({ bareRate }) => bareRate)]
  const decided = rounds.map(({ decidedRate }) => decidedRate)
  return [
    figure('berth, over the bare app', '×', ratios(berth, bare)),
    figure('to be decided, over the bare app', '×', ratios(decided, bare)),
    figure('berth', '', berth),
    figure('berth, to be decided', '', decided),
    figure('bare Probot app', '', bare),
  ]
}

/** The value that this share of all is not above. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((one, other) => one - other)
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN
}
