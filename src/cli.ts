import { Command, CommanderError } from 'commander'
import { addAccess } from './cli/accessCommands.ts'
import type { HangUps } from './cli/hangUps.ts'
import { addHelp } from './cli/helpCommands.ts'
import { addInit } from './cli/initCommand.ts'
import { addLocks } from './cli/locksCommands.ts'
import { duration, JSON_OPTION, keyValues, wholeNumber } from './cli/parsers.ts'
import { addRecipes } from './cli/recipesCommand.ts'
import { addLooks, addRecords } from './cli/recordsCommands.ts'
import { addReports } from './cli/reportsCommand.ts'
import { EXIT, HarnessError, messageOf } from './errors.ts'
import { didYouMean } from './model/closest.ts'
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
    if (error instanceof CommanderError && error.code === 'commander.excessArguments')
      tellSlip(program, words)
    return exitCodeOf(error)
  }
}

/** Below a command that also works alone, such as `locks`, a slip is an argument too many to commander. */
function tellSlip(program: Command, words: readonly string[]): void {
  let command = program
  for (const word of words) {
    const below = command.commands.find((one) => one.name() === word)
    if (below === undefined) {
      const names = command.commands.map((one) => one.name())
      process.stderr.write(`${didYouMean(word, names).trimStart()}\n`)
      return
    }
    command = below
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

/** The table of all commands: what parses also completes (src/cli/completion.ts) and makes the manual (scripts/man.ts). */
export function commands(exit: Exit, hangUps: HangUps | null): Command {
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
  addLooks(program, exit)
  addReports(program, exit)
  addAccess(program, exit)
  addChecks(program, exit)
  addInit(program, exit)
  addHelp(program, exit)
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
    .option(...JSON_OPTION)
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

function addServe(program: Command, exit: Exit, hangUps: HangUps | null): void {
  program
    .command('serve')
    .description('the service: webhooks in, runs out, verdicts back')
    .option('--until-stdin-ends', 'end in order when whoever started it is gone, too')
    .action(async (options: { readonly untilStdinEnds?: true }) => {
      const [{ hearHangUps }, { serve }] = [await import('./cli/hangUps.ts'), await import('./cli/serve.ts')]
      exit(await serve(makeServiceContext(), hangUps ?? hearHangUps(), options.untilStdinEnds ?? false))
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
    .option(...JSON_OPTION)
    .action(async (file: string, options: { json: boolean }) => {
      const { backup } = await import('./cli/backup.ts')
      exit(backup(makeContext(), file, options.json))
    })
}

function addChecks(program: Command, exit: Exit): void {
  addRecipes(program, exit)
  program
    .command('doctor')
    .description('what this machine offers, and how to mend what is missing')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { doctor } = await import('./cli/doctor.ts')
      exit(await doctor(makeContext(), options.json))
    })
}
