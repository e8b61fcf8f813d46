import { basename, join } from 'node:path'
import { isFork, type Life, type Trace } from './strace.ts'
import { pathsIn } from './tables.ts'

/** Whom the test has started. A starter starts the run of its place among the runs. */
export interface Commands {
  readonly starters: readonly number[]
  readonly acquirers: readonly number[]
  readonly janitors: readonly number[]
}

/** What the model knows by number. */
export interface Setting {
  readonly state: string
  /** Where deployments stand: a folder for each name. */
  readonly sites: string
  /** Sorted. */
  readonly names: readonly string[]
  /** In the order of the starters. */
  readonly runs: readonly string[]
}

export interface Actor {
  readonly pid: number
  readonly kind: 'starter' | 'acquirer' | 'janitor' | 'wrapper' | 'conductor'
  /** Whose run: of a wrapper and a run process. */
  readonly run: number
  /** Of those two: was it started ahead of its locks. */
  readonly warm: boolean
}

/** The commands, and the wrappers and run processes that came of them. */
export function castOf({ calls }: Trace, { runs }: Setting, commands: Commands): ReadonlyMap<number, Actor> {
  const cast = new Map<number, Actor>()
  const add = (pid: number, kind: Actor['kind'], run = -1, warm = false) =>
    cast.set(pid, { pid, kind, run, warm })
  const waiting = new Set<number>()
  for (const pid of commands.starters) add(pid, 'starter')
  for (const pid of commands.acquirers) add(pid, 'acquirer')
  for (const pid of commands.janitors) add(pid, 'janitor')
  for (const call of calls) {
    const [, , script = '', , , folder = '', , control = ''] = pathsIn(call)
    const parent = cast.get(call.pid)
    if (call.name === 'execve' && call.result === 0 && script.endsWith('/run-wrapper')) {
      const isWarm = control.startsWith('warm:')
      add(call.pid, 'wrapper', runs.indexOf(basename(folder)), isWarm)
      if (isWarm) waiting.add(call.pid)
    }
    // Only the first one of a warm wrapper waits.
    if (isFork(call) && parent?.kind === 'wrapper')
      add(call.result, 'conductor', parent.run, waiting.delete(call.pid))
  }
  return cast
}

/** The actor that this process is, or that it or an ancestor of it was started by. */
export function actorOf(
  pid: number,
  cast: ReadonlyMap<number, Actor>,
  lives: ReadonlyMap<number, Life>,
): Actor | null {
  for (let one: number | null = pid; one !== null; one = lives.get(one)?.parent ?? null) {
    const actor = cast.get(one)
    if (actor !== undefined) return actor
  }
  return null
}

/** The name whose lock file this path is; -1 = none. */
export function nameOfLock({ state, names }: Setting, path: string): number {
  return names.findIndex((name) => path === join(state, 'locks', fileOf(name)))
}

export function nameOfSite({ sites, names }: Setting, path: string): number {
  return names.findIndex((name) => path === join(sites, name))
}

/** The run whose file this is: `journal.ndjson`, `stop.json`; -1 = none. */
export function runOf({ state, runs }: Setting, path: string, file: string): number {
  return runs.findIndex((run) => path === join(state, 'runs', run, file))
}

export function runOfEntry({ state, runs }: Setting, path: string): number {
  return runs.findIndex((run) => path === join(state, 'open', run))
}

function fileOf(name: string): string {
  return name.startsWith('r:') ? `r:/${name.slice(2)}.lock` : `${name}.lock`
}
