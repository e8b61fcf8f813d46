import { type Command, Option } from 'commander'
import { KINDS } from '../recipes/new.ts'
import { STARTERS } from './init/starters.ts'
import type { InitFlags } from './init.ts'

/** `berth init` */
export function addInit(program: Command, exit: (code: number) => void): void {
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
}
