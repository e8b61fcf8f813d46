import type { Command } from 'commander'
import { makeContext } from '../world.ts'
import { JSON_OPTION } from './parsers.ts'

/** `berth reports` and what stands below it. */
export function addReports(program: Command, exit: (code: number) => void): void {
  const reports = program
    .command('reports')
    .description('what GitHub is still to be told, and what was given up')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listReports } = await import('./reports.ts')
      exit(await listReports(makeContext(), options.json))
    })
  reports
    .command('retry [report...]')
    .description('send reports once more that were given up, by their keys')
    .option('--all', 'all that were given up', false)
    .option('--reason <reason>', 'why it will go better now, for the audit', '')
    .action(async (keys: string[], options: { all: boolean; reason: string }) => {
      const { retryReports } = await import('./reports.ts')
      exit(await retryReports(makeContext(), { keys, ...options }))
    })
}
