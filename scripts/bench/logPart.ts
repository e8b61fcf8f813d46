import { appendFileSync, rmSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { runPaths } from '../../src/store/runFolder.ts'
import { type BusyService, LIVE, startBusyService } from './busyWorld.ts'
import { figure, type Part } from './figures.ts'
import { cpuMsOf, memoryOf } from './processes.ts'
import { clientOf } from './request.ts'
import { type Measuring, nowMs } from './wait.ts'

const MEGABYTE = 1024 * 1024
const LOG_MB = 50
const LOG = '01-only'
/** What the stage writes at a time, and how long it rests then: 50 MB in some two seconds. */
const PIECE = 'what is just being done, how far it is, and what comes after that\n'.repeat(8_000)
const REST_MS = 20
/** A slow reader rests after so many bytes. */
const SIP_BYTES = 256 * 1024
const LOOK_MS = 50
/** Each follows a log of its own. */
const MOST_ROUNDS = 5

const FOLLOWERS = { fast: 0, slow: 20 } as const
type Follower = keyof typeof FOLLOWERS

interface Times {
  readonly grown: number[]
  readonly kept: number[]
  readonly took: number[]
  readonly processor: number[]
}

/** What it costs the service that somebody follows a log of 50 MB while it is written, and reads it fast, or slowly. */
export async function measureLogs(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using busy = await startBusyService(folder)
  const times: Readonly<Record<Follower, Times>> = { fast: noTimes(), slow: noTimes() }
  const most = Math.min(rounds, MOST_ROUNDS)
  for (let round = 0; round <= most; round += 1) {
    for (const follower of ['fast', 'slow'] as const) {
      measuring.say(`log ${round}/${most}: a ${follower} reader`)
      const run = busy.live[2 * round + (follower === 'fast' ? 0 : 1)]?.id ?? ''
      const seen = await follow(busy, run, FOLLOWERS[follower], measuring.signal)
      // In the first round code is compiled, and heaps reach their size.
      if (round === 0) continue
      for (const key of ['grown', 'kept', 'took', 'processor'] as const) times[follower][key].push(seen[key])
    }
  }
  return partOf(times)
}

function noTimes(): Times {
  return { grown: [], kept: [], took: [], processor: [] }
}

/** @param restMs how long the reader rests after each sip; 0 = it reads as fast as it can */
async function follow({ service, live }: BusyService, run: string, restMs: number, signal: AbortSignal) {
  if (2 * (MOST_ROUNDS + 1) > LIVE) throw new Error(`there are but ${live.length} logs`)
  const path = join(runPaths(service.world.state, run).stages, `${LOG}.log`)
  appendFileSync(path, '')
  using client = clientOf(service.port)
  const answer = await client.open(`/runs/${run}/logs/${LOG}/events?from=0&line=1`)
  const resident = () => memoryOf(service.pid).residentKb / 1024
  const [beganMs, beforeMb, cpuMs] = [nowMs(), resident(), cpuMsOf(service.pid)]
  let highestMb = beforeMb
  const looking = setInterval(() => (highestMb = Math.max(highestMb, resident())), LOOK_MS)
  try {
    await Promise.all([write(path, signal), readTo(answer, LOG_MB * MEGABYTE, restMs, signal)])
  } finally {
    clearInterval(looking)
    answer.destroy()
    rmSync(path)
  }
  const [tookMs, processorMs] = [nowMs() - beganMs, cpuMsOf(service.pid) - cpuMs]
  return {
    grown: highestMb - beforeMb,
    kept: resident() - beforeMb,
    took: tookMs,
    processor: processorMs / LOG_MB,
  }
}

async function write(path: string, signal: AbortSignal): Promise<void> {
  for (let bytes = 0; bytes < LOG_MB * MEGABYTE; bytes += PIECE.length) {
    appendFileSync(path, PIECE)
    await pause(REST_MS, undefined, { signal })
  }
}

/** Each event begins with the byte of the log that comes after it. */
async function readTo(
  answer: IncomingMessage,
  end: number,
  restMs: number,
  signal: AbortSignal,
): Promise<void> {
  let [sip, tail] = [0, '\n']
  for await (const chunk of answer) {
    const text = tail + String(chunk)
    const next = [...text.matchAll(/\nid: (\d+):/g)].at(-1)?.[1]
    if (Number(next ?? 0) >= end) return
    tail = text.slice(-LONGEST_NAME)
    sip += chunk.length
    if (restMs === 0 || sip < SIP_BYTES) continue
    sip = 0
    await pause(restMs, undefined, { signal })
  }
  throw new Error('the log ended before all of it was read')
}

/** A place in the log may be cut between two pieces of the answer. */
const LONGEST_NAME = 32

function partOf(times: Readonly<Record<Follower, Times>>): Part {
  const groups = (['fast', 'slow'] as const).map((follower) => {
    const { grown, kept, took, processor } = times[follower]
    const how =
      follower === 'fast'
        ? 'reads as fast as it can'
        : `rests ${FOLLOWERS.slow} ms after each ${SIP_BYTES / 1024} KB`
    return {
      title: `a follower that ${how}`,
      figures: [
        figure('resident memory: most, over before', 'MB', grown),
        figure('resident memory: afterwards, over before', 'MB', kept),
        figure('until all of it is read', 'ms', took),
        figure('processor, for each MB', 'ms', processor),
      ],
    }
  })
  return {
    name: 'log',
    title: `12. A live log of ${LOG_MB} MB, followed through server-sent events`,
    conditions: `The benchmark writes it as a stage would, and reads it in turns. The service has ${LIVE} live runs beside that one.`,
    groups,
  }
}
