import type { Command } from 'commander'
import { makeContext } from '../world.ts'
import { duration, JSON_OPTION, wholeNumber } from './parsers.ts'

type Exit = (code: number) => void

/** Runs, one by one and in order: look and act, with or without the service. */
export function addRecords(program: Command, exit: Exit): void {
  program
    .command('runs')
    .description('all runs, newest first')
    .option(...JSON_OPTION)
    .option('--limit <number>', 'how many at most', wholeNumber, 30)
    .action(async (options: { json: boolean; limit: number }) => {
      const { listRuns } = await import('./records.ts')
      exit(listRuns(makeContext(), options))
    })
  program
    .command('show <run>')
    .description('all that is known of one run')
    .option(...JSON_OPTION)
    .action(async (run: string, options: { json: boolean }) => {
      const { showRun } = await import('./records.ts')
      exit(showRun(makeContext(), run, options.json))
    })
  program
    .command('logs <run>')
    .description('the logs of one run, stage by stage')
    .option('-f, --follow', 'until the run is over', false)
    .action(async (run: string, options: { follow: boolean }) => {
      const { showLogs } = await import('./logs.ts')
      exit(await showLogs(makeContext(), run, options.follow))
    })
  program
    .command('cancel <run>')
    .description('ask a run to stop; its teardown still comes')
    .action(async (run: string) => {
      const { cancelRun } = await import('./cancel.ts')
      exit(await cancelRun(makeContext(), run))
    })
}

/** What else the pages show, and the lanes live. */
export function addLooks(program: Command, exit: Exit): void {
  program
    .command('queue')
    .description('what waits and what runs, in order')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listQueue } = await import('./queue.ts')
      exit(await listQueue(makeContext(), options.json))
    })
  program
    .command('limits')
    .description('whose limits are used up, what is not started again, and what is switched off')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { showLimits } = await import('./limits.ts')
      exit(await showLimits(makeContext(), options.json))
    })
  program
    .command('sweeps')
    .description('what the janitor’s last sweeps did, and why')
    .option(...JSON_OPTION)
    .action(async (options: { json: boolean }) => {
      const { listSweeps } = await import('./sweeps.ts')
      exit(listSweeps(makeContext(), options.json))
    })
  program
    .command('watch')
    .description('the lanes live, until q or Ctrl-C; without a terminal a line for each change')
    .option('--every <duration>', 'how often to look', duration, 1000)
    .action(async ({ every }: { every: number }) => {
      const { watchLanes } = await import('./watch.ts')
      exit(await watchLanes(makeContext(), every))
    })
}
