/**
 * Measures what berth costs: what a run adds to the start of a Node process, how long a comment waits for its first stage, what the service
 * takes of memory. Ratios within one run of this program; docs/benchmark.md says how to read them.
 */
import { EXIT, HarnessError, messageOf } from '../src/errors.ts'
import { measureCancels } from './bench/cancelPart.ts'
import { measureComments } from './bench/commentPart.ts'
import { measureDocker } from './bench/dockerPart.ts'
import { dataOf, type Part, tableOf } from './bench/figures.ts'
import { measureHandOvers } from './bench/handoverPart.ts'
import { measureLive } from './bench/livePart.ts'
import { measureLocks } from './bench/lockPart.ts'
import { measureLogs } from './bench/logPart.ts'
import { describeMachine, machineLine } from './bench/machine.ts'
import { measureMemory } from './bench/memoryPart.ts'
import { HELP, type Options, type PartName, readOptions } from './bench/options.ts'
import { measurePages } from './bench/pagesPart.ts'
import { measureQueue } from './bench/queuePart.ts'
import { measureRuns } from './bench/runPart.ts'
import { measureStarts } from './bench/startPart.ts'
import type { Measuring } from './bench/wait.ts'
import { measureWatchers } from './bench/watchersPart.ts'
import { measureWebhooks } from './bench/webhookPart.ts'

async function main(words: readonly string[]): Promise<number> {
  const stopped = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(signal, () => stopped.abort(new Error(`stopped by ${signal}; everything was taken down`)))
  try {
    const options = readOptions(words)
    if (options.help) process.stdout.write(HELP)
    else await bench(options, { signal: stopped.signal, say })
    return EXIT.ok
  } catch (error) {
    process.stderr.write(`${messageOf(worstOf(error))}\n`)
    if (stopped.signal.aborted) return EXIT.interrupted
    return error instanceof HarnessError ? error.exitCode : EXIT.harness
  }
}

/** What could not be taken down counts more than what was under way, and than a wait that a signal has ended. */
function worstOf(error: unknown): unknown {
  if (error instanceof SuppressedError) return error.error
  return error instanceof Error && error.name === 'AbortError' ? error.cause : error
}

async function bench(options: Options, measuring: Measuring): Promise<void> {
  const machine = describeMachine(options.folder)
  if (!options.json) process.stdout.write(`${machineLine(machine, options.folder)}\n\n`)
  const parts: Part[] = []
  for (const name of options.parts) {
    const part = await MEASURE[name](options, measuring)
    parts.push(part)
    if (!options.json) process.stdout.write(`${tableOf(part)}\n`)
  }
  if (options.json)
    process.stdout.write(`${JSON.stringify({ machine, parts: parts.map(dataOf) }, null, 2)}\n`)
}

const MEASURE: Readonly<Record<PartName, (options: Options, measuring: Measuring) => Promise<Part>>> = {
  run: ({ folder, rounds }, measuring) => measureRuns(folder, rounds, measuring),
  comment: ({ folder, rounds }, measuring) => measureComments(folder, rounds, measuring),
  locks: ({ folder, rounds }, measuring) => measureLocks(folder, rounds, measuring),
  handover: ({ folder, rounds }, measuring) => measureHandOvers(folder, rounds, measuring),
  cancel: ({ folder, rounds }, measuring) => measureCancels(folder, rounds, measuring),
  webhook: ({ folder, rounds }, measuring) => measureWebhooks(folder, rounds, measuring),
  queue: ({ folder, rounds, long }, measuring) => measureQueue(folder, rounds, long, measuring),
  live: ({ folder, live }, measuring) => measureLive(folder, live, measuring),
  start: ({ folder, rounds, long }, measuring) => measureStarts(folder, rounds, long, measuring),
  pages: ({ folder, rounds }, measuring) => measurePages(folder, rounds, measuring),
  log: ({ folder, rounds }, measuring) => measureLogs(folder, rounds, measuring),
  watchers: ({ folder, rounds }, measuring) => measureWatchers(folder, rounds, measuring),
  docker: ({ folder, rounds, stacks }, measuring) => measureDocker(folder, rounds, stacks, measuring),
  memory: ({ folder, services, queued }, measuring) => measureMemory(folder, services, queued, measuring),
}

/** One line that is written over, on a screen only. */
function say(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[K${line}`)
}

process.exitCode = await main(process.argv.slice(2))
