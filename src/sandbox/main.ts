import { readFile } from 'node:fs/promises'
import { pino } from 'pino'
import { EXIT, HarnessError, InputError, messageOf } from '../errors.ts'
import { type StandInOptions, startGitHubStandIn } from './github/server.ts'

/**
 * The stand-in for GitHub as a process of its own. Reads `PORT`, `WEBHOOK_URL`, `WEBHOOK_SECRET`, `APP_ID`, `APP_PUBLIC_KEY_PATH`
 * and `DATA_DIR`, prints one line `{"url": …}` when it is ready, logs to standard error, and ends in order on SIGTERM and SIGINT;
 * with `--until-stdin-ends` also when whoever started it is gone.
 */
async function main(): Promise<void> {
  const stopped = stopSignal(process.argv.includes('--until-stdin-ends'))
  await using standIn = await startGitHubStandIn(await optionsFrom(process.env))
  process.stdout.write(`${JSON.stringify({ url: standIn.url })}\n`)
  await stopped
}

const NEEDED = ['WEBHOOK_URL', 'WEBHOOK_SECRET', 'APP_ID', 'APP_PUBLIC_KEY_PATH', 'DATA_DIR'] as const

async function optionsFrom(environment: NodeJS.ProcessEnv): Promise<StandInOptions> {
  const text = (name: string) => environment[name] ?? ''
  const faults = NEEDED.filter((name) => text(name) === '').map((name) => `${name} is not set`)
  const port = Number(environment['PORT'] ?? '0')
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    faults.push(`PORT must be 0 to 65535, and is ${text('PORT')}`)
  if (!URL.canParse(text('WEBHOOK_URL'))) faults.push('WEBHOOK_URL must be a URL')
  if (!/^[1-9]\d*$/.test(text('APP_ID'))) faults.push('APP_ID must be a number')
  if (faults.length > 0) throw new InputError('The stand-in for GitHub cannot start', faults)
  return {
    port,
    host: '127.0.0.1',
    webhookUrl: text('WEBHOOK_URL'),
    webhookSecret: text('WEBHOOK_SECRET'),
    appId: Number(text('APP_ID')),
    appPublicKey: await readFile(text('APP_PUBLIC_KEY_PATH'), 'utf8'),
    dataDir: text('DATA_DIR'),
    log: pino({ name: 'github', level: environment['LOG_LEVEL'] ?? 'info' }, pino.destination(2)),
  }
}

function stopSignal(untilStdinEnds: boolean): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve())
    if (untilStdinEnds) process.stdin.on('end', () => resolve()).resume()
  })
}

main().catch((error: unknown) => {
  process.stderr.write(`${messageOf(error)}\n`)
  process.exitCode = error instanceof HarnessError ? error.exitCode : EXIT.harness
})
