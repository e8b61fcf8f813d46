import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { InputError, messageOf } from '../../src/errors.ts'

const PARTS = [
  'run',
  'comment',
  'memory',
  'locks',
  'handover',
  'cancel',
  'webhook',
  'queue',
  'live',
  'start',
  'pages',
  'log',
  'watchers',
] as const
/** Parts that want more than a machine: they are measured where they are asked for by name. */
const FURTHER_PARTS = ['docker'] as const
const ALL_PARTS = [...PARTS, ...FURTHER_PARTS] as const
export type PartName = (typeof ALL_PARTS)[number]

export interface Options {
  readonly parts: readonly PartName[]
  /** Of everything that is timed. */
  readonly rounds: number
  /** Fresh services that the memory is measured in. */
  readonly services: number
  /** Runs that wait in each of them. */
  readonly queued: number
  /** Runs in the long queue, and concluded ones in the records that a service finds. */
  readonly long: number
  /** Runs that are under way at once. */
  readonly live: number
  /** That a sweep of the engine goes over. */
  readonly stacks: number
  /** Everything is written below here: its disk is what is measured. */
  readonly folder: string
  readonly json: boolean
  readonly help: boolean
}

export const HELP = `Measures what berth costs, as ratios within this one run of it (docs/benchmark.md).

usage: node scripts/bench.ts [options]
  --only PART                 one of run, comment, memory, locks, handover, cancel, webhook, queue, live, start,
                              pages, log, watchers; or docker, which wants an engine that is a swarm manager
  --rounds N                  rounds of each timed part (21)
  --services N                fresh services for the memory (3)
  --queued N                  runs that wait in each of them (1000)
  --long N                    runs in the long queue, and in the records that a service starts with (100000)
  --live N                    runs that are under way at once, each with its processes (200)
  --stacks N                  stacks that a sweep of the engine goes over (200)
  --dir FOLDER                where state folders are made; its disk is what counts (${tmpdir()})
  --json                      everything, with every single value
  --help
`

/** @throws InputError with every fault at once */
export function readOptions(words: readonly string[]): Options {
  const given = parsed(words)
  const faults: string[] = []
  const part = ALL_PARTS.find((one) => one === given.only)
  if (given.only !== undefined && part === undefined)
    faults.push(`--only must be one of ${ALL_PARTS.join(', ')}, and is ${given.only}`)
  const folder = resolve(given.dir)
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true)
    faults.push(`--dir must be a folder that is there, and is ${folder}`)
  const options = {
    parts: part === undefined ? PARTS : [part],
    rounds: countOf('rounds', given.rounds, faults),
    services: countOf('services', given.services, faults),
    queued: countOf('queued', given.queued, faults),
    long: countOf('long', given.long, faults),
    live: countOf('live', given.live, faults),
    stacks: countOf('stacks', given.stacks, faults),
    folder,
    json: given.json,
    help: given.help,
  }
  if (faults.length > 0) throw new InputError('node scripts/bench.ts', faults)
  return options
}

function parsed(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        only: { type: 'string' },
        rounds: { type: 'string', default: '21' },
        services: { type: 'string', default: '3' },
        queued: { type: 'string', default: '1000' },
        long: { type: 'string', default: '100000' },
        live: { type: 'string', default: '200' },
        stacks: { type: 'string', default: '200' },
        dir: { type: 'string', default: tmpdir() },
        json: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values
  } catch (error) {
    throw new InputError('node scripts/bench.ts', [`${messageOf(error)}; see --help`], { cause: error })
  }
}

function countOf(name: string, text: string, faults: string[]): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text)
  faults.push(`--${name} must be a number from 1 to 999999, and is ${text}`)
  return 0
}
