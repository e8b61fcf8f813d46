import { Command, CommanderError, InvalidArgumentError } from 'commander'
import { addAccess } from './cli/accessCommands.ts'
import type { HangUps } from './cli/hangUps.ts'
import { addRecipes } from './cli/recipesCommand.ts'
import { addReports } from './cli/reportsCommand.ts'
import { EXIT, HarnessError, InputError, messageOf } from './errors.ts'
import { parseDuration } from './model/duration.ts'
import { makeContext, makeJanitorWorld, makeServiceContext } from './world.ts'

/**
 * Runs one command line and returns its exit code (design section 6). Commands load what they need and no more.
 * @param hangUps for `serve`
 */
export async function commandLine(words: readonly string[], hangUps: HangUps | null): Promise<number> {
  let code: number = EXIT.ok
  const program = commands((exit) => {
    code = exit
  }, hangUps)
  try {
    await program.parseAsync(words, { from: 'user' })
    return code
  } catch (error) {
    return exitCodeOf(error)
  }
}

function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.badInput
  process.stderr.write(`berth: ${messageOf(error)}\n`)
  if (!(error instanceof HarnessError))
    process.stderr.write(`${error instanceof Error ? (error.stack ?? '') : ''}\n`)
  return error instanceof HarnessError ? error.exitCode : EXIT.harness
}

type Exit = (code: number) => void

function commands(exit: Exit, hangUps: HangUps | null): Command {
  const program = new Command('berth')
    .description('Gives every test run of a deployable stack a berth of its own')
    .exitOverride()
    // Else `--json` of a subcommand would be taken for that of the command above it.
    .enablePositionalOptions()
    .showHelpAfterError('(berth --help shows what there is)')
  addServe(program, exit, hangUps)
  addService(program, exit)
  addRun(program, exit)
  addJanitor(program, exit)
  addLocks(program, exit)
  addRecords(program, exit)
  addReports(program, exit)
  addAccess(program, exit)
  addChecks(program, exit)
  return program
}

function addRun(program: Command, exit: Exit): void {
  program
    .command('run <recipe> [arguments...]')
    .description('one run in the foreground: key=value arguments go to the recipe')
    .option('--repo <folder|url>', 'the repository to test', '.')
    .option('--ref <ref>', 'branch, tag or commit (default: HEAD)')
    .option('--pr <number>', 'pull request that the run stands for', wholeNumber, 0)
    .option('--domain <domain>', 'deploy here instead of at the recipe’s own domain')
    .option('--wait <duration>', 'wait so long for the domain', duration, 0)
    .option('--keep <duration>', 'keep a red run so long for inspection', duration, 0)
    .action(async (recipe: string, given: string[], options: RunFlags) => {
      const { repo, ref, pr, domain, wait, keep } = options
      const wish = {
        recipe,
        arguments: keyValues(given),
        repo,
        ref: ref ?? null,
        pr,
        domain: domain ?? null,
        waitMs: wait,
        keepMs: keep,
      }
      const { run } = await import('./cli/run.ts')
      exit(await run(makeContext(), wish))
    })
}

interface RunFlags {
  readonly repo: string
  readonly ref?: string
  readonly pr: number
  readonly domain?: string
  readonly wait: number
  readonly keep: number
}

function addJanitor(program: Command, exit: Exit): void {
  program
    .command('janitor')
    .description('one sweep: clean what nobody holds, remove idle lock files, prune what is old')
    .option('--dry-run', 'only say what would be done, and why', false)
    .option('--json', 'as JSON', false)
    .option('--quiet', 'print only what a person has to look at', false)
    .option('--metrics <file>', 'write this file for the textfile collector of node_exporter')
    .action(async ({ metrics, ...options }: JanitorFlags) => {
      const { janitor } = await import('./cli/janitor.ts')
      const context = makeContext()
      exit(await janitor(context, makeJanitorWorld(context), { ...options, metrics: metrics ?? null }))
    })
}

interface JanitorFlags {
  readonly dryRun: boolean
  readonly json: boolean
  readonly quiet: boolean
  readonly metrics?: string
}

function addLocks(program: Command, exit: Exit): void {
  const locks = program
    .command('locks')
    .description('holders, waiters and marks of every name')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { listLocks } = await import('./cli/locks.ts')
      exit(listLocks(makeContext(), options.json))
    })
  locks
    .command('hold <name> [command...]')
    .description('keep a name by hand, while a command runs or for a time')
    .requiredOption('--reason <reason>', 'why, for everybody who meets it')
    .option('--for <duration>', 'how long at most', duration, 3_600_000)
    .option('--wait <duration>', 'wait so long for the name', duration, 0)
    .action(
      async (name: string, command: string[], options: { reason: string; for: number; wait: number }) => {
        const { holdName } = await import('./cli/locks.ts')
        exit(
          await holdName(makeContext(), {
            name,
            command,
            reason: options.reason,
            forMs: options.for,
            waitMs: options.wait,
          }),
        )
      },
    )
  addAudit(locks, exit)
  locks
    .command('release <name>')
    .description('end a hold, or clear the mark of a dead run that you have dealt with')
    .requiredOption('--reason <reason>', 'what you have done about it')
    .action(async (name: string, options: { reason: string }) => {
      const { releaseName } = await import('./cli/locks.ts')
      exit(releaseName(makeContext(), name, options.reason))
    })
}

function addAudit(locks: Command, exit: Exit): void {
  locks
    .command('audit')
    .description('who held or released which name by hand, when and why')
    .option('--json', 'as JSON', false)
    .option('--limit <number>', 'how many at most, the newest', wholeNumber, 30)
    .action(async (options: { json: boolean; limit: number }) => {
      const { listAudit } = await import('./cli/locks.ts')
      exit(listAudit(makeContext(), options))
    })
}

function addServe(program: Command, exit: Exit, hangUps: HangUps | null): void {
  program
    .command('serve')
    .description('the service: webhooks in, runs out, verdicts back')
    .action(async () => {
      const [{ hearHangUps }, { serve }] = [await import('./cli/hangUps.ts'), await import('./cli/serve.ts')]
      exit(await serve(makeServiceContext(), hangUps ?? hearHangUps()))
    })
}

function addService(program: Command, exit: Exit): void {
  program
    .command('sandbox')
    .description('a local stand-in for GitHub with the real service under it; no credentials')
    .option('--port <number>', 'where the stand-in listens; 0 = any free port', wholeNumber, 4000)
    .action(async (options: { port: number }) => {
      const { sandbox } = await import('./cli/sandbox.ts')
      exit(await sandbox(options))
    })
  program
    .command('backup <file>')
    .description('copy the records to a new file, while the service goes on')
    .option('--json', 'as JSON', false)
    .action(async (file: string, options: { json: boolean }) => {
      const { backup } = await import('./cli/backup.ts')
      exit(backup(makeContext(), file, options.json))
    })
  program
    .command('queue')
    .description('what waits and what runs, in order')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { listQueue } = await import('./cli/queue.ts')
      exit(await listQueue(makeContext(), options.json))
    })
}

function addRecords(program: Command, exit: Exit): void {
  const json = ['--json', 'as JSON', false] as const
  program
    .command('runs')
    .description('all runs, newest first')
    .option(...json)
    .option('--limit <number>', 'how many at most', wholeNumber, 30)
    .action(async (options: { json: boolean; limit: number }) => {
      const { listRuns } = await import('./cli/records.ts')
      exit(listRuns(makeContext(), options))
    })
  program
    .command('show <run>')
    .description('all that is known of one run')
    .option(...json)
    .action(async (run: string, options: { json: boolean }) => {
      const { showRun } = await import('./cli/records.ts')
      exit(showRun(makeContext(), run, options.json))
    })
  program
    .command('logs <run>')
    .description('the logs of one run, stage by stage')
    .option('-f, --follow', 'until the run is over', false)
    .action(async (run: string, options: { follow: boolean }) => {
      const { showLogs } = await import('./cli/logs.ts')
      exit(await showLogs(makeContext(), run, options.follow))
    })
  program
    .command('cancel <run>')
    .description('ask a run to stop; its teardown still comes')
    .action(async (run: string) => {
      const { cancelRun } = await import('./cli/cancel.ts')
      exit(await cancelRun(makeContext(), run))
    })
}

function addChecks(program: Command, exit: Exit): void {
  addRecipes(program, exit)
  program
    .command('doctor')
    .description('what this machine offers, and how to mend what is missing')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) => {
      const { doctor } = await import('./cli/doctor.ts')
      exit(await doctor(makeContext(), options.json))
    })
}

function duration(text: string): number {
  const ms = parseDuration(text)
  if (ms === null) throw new InvalidArgumentError('a duration is like 90s, 10m or 1h30m')
  return ms
}

function wholeNumber(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgumentError('a whole number is wanted')
  return Number(text)
}

function keyValues(words: readonly string[]): Readonly<Record<string, string>> {
  const pairs = words.map((word) => {
    const at = word.indexOf('=')
    if (at < 1)
      throw new InputError('berth run', [`${word} is no argument; a recipe's arguments are key=value`])
    return [word.slice(0, at), word.slice(at + 1)] as const
  })
  return Object.fromEntries(pairs)
}
