import type { Command } from 'commander'
import { makeContext } from '../world.ts'
import { duration, JSON_OPTION, wholeNumber } from './parsers.ts'

type Exit = (code: number) => void

/** `berth locks` and what stands below it. */
export function addLocks(program: Command, exit: Exit): void {
  const locks = program
    .command('locks')
    .description('holders, waiters and marks of every name')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listLocks } = await import('./locks.ts')
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
        const { holdName } = await import('./locks.ts')
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
      const { releaseName } = await import('./locks.ts')
      exit(releaseName(makeContext(), name, options.reason))
    })
}

function addAudit(locks: Command, exit: Exit): void {
  locks
    .command('audit')
    .description('who held or released which name by hand, when and why')
    .option(...JSON_OPTION)
    .option('--limit <number>', 'how many at most, the newest', wholeNumber, 30)
    .action(async (options: { json: boolean; limit: number }) => {
      const { listAudit } = await import('./locks.ts')
      exit(listAudit(makeContext(), options))
    })
}
