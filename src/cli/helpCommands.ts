import { readFileSync } from 'node:fs'
import { Argument, type Command } from 'commander'

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
    .command('complete [words...]', { hidden: true })
    .description('what may stand where a command line ends; for the shells')
    .option('--line <line>', 'the line as it was typed, instead of its words')
    .action(async (words: string[], { line }: { line?: string }) => {
      const [{ complete }, { shellWords }] = [await import('./complete.ts'), await import('./shellWords.ts')]
      const typed = line === undefined ? words : shellWords(line).slice(1)
      exit(await complete(program, typed, process.stdout))
    })
}
