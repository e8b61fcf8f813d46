import { pino } from 'pino'
import { EXIT, HarnessError, messageOf } from '../errors.ts'
import { startGitHubStandIn } from './github/server.ts'
import { optionsFrom } from './options.ts'

/**
 * The stand-in for GitHub as a process of its own: configured by its environment (see options.ts), prints one line
 * `{"url": …}` when it is ready, logs to standard error, and ends in order on SIGTERM and SIGINT; with `--until-stdin-ends` also
 * when its standard input ends, so that it does not outlive whoever started it.
 */
async function main(): Promise<void> {
  const stopped = stopSignal(process.argv.includes('--until-stdin-ends'))
  const log = pino({ name: 'github', level: process.env['LOG_LEVEL'] ?? 'info' }, pino.destination(2))
  await using standIn = await startGitHubStandIn({ ...(await optionsFrom(process.env)), log })
  process.stdout.write(`${JSON.stringify({ url: standIn.url })}\n`)
  await stopped
}

function stopSignal(untilStdinEnds: boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
    if (untilStdinEnds) process.stdin.on('end', () => resolve()).resume()
  })
}

function fail(error: unknown): void {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = error instanceof HarnessError ? error.exitCode : EXIT.harness
}

/** An open standard input that is listened to keeps a process alive. */
void main()
  .catch(fail)
  .finally(() => process.stdin.destroy())
