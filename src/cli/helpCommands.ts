import { readFileSync } from 'node:fs'
import { Argument, type Command, Option } from 'commander'
import { KINDS } from '../recipes/new.ts'
import { STARTERS } from './init/starters.ts'
import type { InitFlags } from './init.ts'

const SHELLS = ['bash', 'zsh', 'fish'] as const
type Shell = (typeof SHELLS)[number]

/** What helps at the keyboard: completion of the shells, from this same table. */
export function addHelp(program: Command, exit: (code: number) => void): void {
  program
    .command('completion')
    .description('print what teaches a shell to complete berth; its first lines say where it goes')
    .addArgument(new Argument('<shell>', 'whose').choices(SHELLS))
    .action((shell: Shell) => {
      process.stdout.write(readFileSync(new URL(`./completions/berth.${shell}`, import.meta.url), 'utf8'))
    })
  program
    .command('init')
    .description(
      'write berth.yml, recipes, units and what a GitHub App is made from; asks for what no option says',
    )
    .option('--folder <folder>', 'where to (default: /etc/berth as root, else here)')
    .option('--base-domain <domain>', 'under which domain runs deploy')
    .option('--state-dir <folder>', 'where locks, records and runs are kept')
    .option('--url <address>', 'where GitHub and people reach the service')
    .option('--repository <owner/name...>', 'whose pull requests may ask')
    .addOption(
      new Option('--driver <driver...>', 'what runs deploy with; a recipe is written for each').choices(
        KINDS,
      ),
    )
    .option('--run-as <user...>', 'users of stages, one for each run at a time')
    .addOption(new Option('--start <by>', 'what starts berth').choices(STARTERS))
    .option('--organization <name>', 'whose GitHub App it will be, instead of your own')
    .option(
      '--app-code <code>',
      'only: put the credentials of the App, which GitHub gives for this code, into place',
    )
    .option('--force', 'replace what is there; what it said stays beside it as FILE.before', false)
    .option('-y, --yes', 'ask nothing; take the defaults', false)
    .action(async (flags: InitFlags) => {
      const { init } = await import('./init.ts')
      exit(await init(flags))
    })
  program
    .command('complete [words...]', { hidden: true })
    .description('what may stand where a command line ends; for the shells')
    .option('--line <line>', 'the line as it was typed, instead of its words')
    .action(async (words: string[], { line }: { line?: string }) => {
      const [{ complete }, { shellWords }] = [await import('./complete.ts'), await import('./shellWords.ts')]
      const typed = line === undefined ? words : shellWords(line).slice(1)
      exit(await complete(program, typed, process.stdout))
    })
}
