import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { childrenOf, isAlive, parentOf } from '../fixtures/kernel.ts'
import { journalOf, type Line, textOf } from '../fixtures/records.ts'
import type { Started } from '../fixtures/started.ts'
import type { World } from '../fixtures/world.ts'
import type { Position, Victim } from './cells.ts'

/** Who takes part in a round; what is not there yet, or never, is null. */
export interface Cast {
  readonly world: World
  first: Started | null
  second: Started | null
  janitor: Started | null
  /** Every command of the round, janitors that have ended included. */
  readonly all: Started[]
  /** The last wrapper of the first run that was seen. */
  wrapper: number | null
  /** Everything that conducts the first run has been killed: journal lines before that are of its first life. */
  death: { readonly lines: number } | null
}

const POSITION_AT: Readonly<Record<string, Position>> = {
  'process.started': 'started',
  prepared: 'staging',
  'stage.started': 'staging',
  'stage.ended': 'staging',
  'teardown.started': 'tearing',
  'teardown.ended': 'ending',
  concluded: 'ending',
  cleaned: 'ending',
}

/** Where the first run is; null when it is over, or when it is dead and nobody has come yet. */
export function positionOf(cast: Cast): Position | null {
  const folder = folderOf(cast)
  if (folder === null) return isThere(cast.first) ? 'before' : null
  if (cast.death !== null && textOf(join(folder, 'stop.json')) === '') return null
  const lines = linesOf(cast, folder).filter(({ event }) => event in POSITION_AT)
  const line = lines.at(-1)
  if (line === undefined) return 'launch'
  // A process that is started again when all is told has nothing more to tell.
  const isTold = line.event === 'process.started' && lines.some(({ event }) => event === 'concluded')
  const position = isTold ? 'ending' : (POSITION_AT[line.event] ?? 'launch')
  return position === 'ending' && pidOf(cast, 'wrapper') === null ? null : position
}

/** The folder of the first run, as its `berth run` tells it; null before it is there. */
export function folderOf({ world, first }: Cast): string | null {
  const id = /^run ([0-9a-z]{16}): /m.exec(first?.output() ?? '')?.[1]
  if (id === undefined) return null
  const folder = join(world.state, 'runs', id)
  return textOf(join(world.state, 'open', id)) === '' && textOf(join(folder, 'journal.ndjson')) === ''
    ? null
    : folder
}

/** The process that plays this part now. */
export function pidOf(cast: Cast, victim: Victim): number | null {
  const pid = partOf(cast, victim)
  return pid !== null && isAlive(pid) && isOfWorld(cast.world, pid) ? pid : null
}

function partOf(cast: Cast, victim: Victim): number | null {
  switch (victim) {
    case 'cli':
      return cast.first?.pid ?? null
    case 'waiter':
      return cast.second?.pid ?? null
    case 'janitor':
      return cast.janitor?.pid ?? null
    case 'recoverer':
      return recovererOf(cast)
    case 'wrapper':
      return wrapperOf(cast)
    case 'process':
      return processOf(cast)
    case 'warmWrapper':
      return warmWrapperOf(cast)
    case 'warmProcess':
      return firstChildOf(warmWrapperOf(cast))
    case 'git':
      return gitOf(cast)
    case 'stage':
    case 'grandchild':
      return notedPid(cast, victim)
  }
}

/** Whoever has launched the wrapper of the second life. */
function recovererOf(cast: Cast): number | null {
  const wrapper = cast.death === null ? null : wrapperOf(cast)
  const parent = wrapper === null ? 0 : parentOf(wrapper)
  return recoverers(cast).includes(parent) ? parent : null
}

function recoverers({ first, second, janitor }: Cast): readonly number[] {
  return [first, second, janitor].flatMap((started) => (isThere(started) ? [started.pid] : []))
}

/** Reading all of /proc takes longer than some positions last: what was found is kept as long as it lives. */
function wrapperOf(cast: Cast): number | null {
  if (cast.wrapper !== null && isAlive(cast.wrapper)) return cast.wrapper
  const folder = folderOf(cast)
  const told = folder === null ? undefined : lastStart(linesOf(cast, folder))?.wrapper
  if (told !== undefined && isAlive(told)) cast.wrapper = told
  else if (folder !== null) cast.wrapper = wrapperIn(cast, folder)
  return cast.wrapper
}

function wrapperIn(cast: Cast, folder: string): number | null {
  const parents = new Set(recoverers(cast))
  const isWrapper = (pid: number) => {
    const words = read(`/proc/${pid}/cmdline`)
    return words.includes('run-wrapper') && words.includes(folder) && parents.has(parentOf(pid))
  }
  return pids().find(isWrapper) ?? null
}

function processOf(cast: Cast): number | null {
  const folder = folderOf(cast)
  const told = folder === null ? undefined : lastStart(linesOf(cast, folder))?.pid
  if (told !== undefined && isAlive(told)) return told
  return firstChildOf(wrapperOf(cast))
}

function firstChildOf(pid: number | null): number | null {
  return pid === null ? null : (childrenOf(pid)[0] ?? null)
}

/** A wrapper that the second run has launched, and not to recover the first one. */
function warmWrapperOf(cast: Cast): number | null {
  const { second } = cast
  const folder = folderOf(cast)
  if (!isThere(second) || folder === null) return null
  const isWarm = (pid: number) => {
    const words = read(`/proc/${pid}/cmdline`)
    return words.includes('run-wrapper') && !words.includes(folder)
  }
  return childrenOf(second.pid).find(isWarm) ?? null
}

/** One of the gits of the checkout: each carries its stage's name. */
function gitOf(cast: Cast): number | null {
  const conductor = processOf(cast)
  if (conductor === null) return null
  const isGit = (pid: number) => read(`/proc/${pid}/environ`).includes('BERTH_STAGE=checkout\0')
  return childrenOf(conductor).find(isGit) ?? null
}

function lastStart(lines: readonly Line[]): Line | undefined {
  return lines.findLast(({ event }) => event === 'process.started')
}

function linesOf({ death }: Cast, folder: string): readonly Line[] {
  return journalOf(folder).slice(death?.lines ?? 0)
}

function notedPid(cast: Cast, what: string): number | null {
  const folder = folderOf(cast)
  if (folder === null) return null
  const pid = Number(textOf(join(cast.world.gates, `${folder.slice(-16)}.${what}`)))
  return pid > 0 ? pid : null
}

export function isThere(started: Started | null): started is Started {
  return started !== null && !started.isOver()
}

/** A pid alone is never trusted: what is signalled carries the world's folder in its environment. */
export function isOfWorld({ root }: World, pid: number): boolean {
  return read(`/proc/${pid}/environ`).includes(root)
}

/** Is somebody at work who can still change something: a command, a wrapper, a run process. What only lingers is no reason to wait. */
export function isAtWork(world: World): boolean {
  return livingOf(world).some((pid) => HARNESS.test(read(`/proc/${pid}/cmdline`)))
}

const HARNESS = /scripts\/berth|scripts\/run-wrapper|src\/main\.ts|src\/run\/main\.ts/

export function livingOf(world: World): readonly number[] {
  return pids().filter((pid) => isOfWorld(world, pid) && isAlive(pid))
}

function pids(): readonly number[] {
  return readdirSync('/proc').map(Number).filter(Number.isInteger)
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
