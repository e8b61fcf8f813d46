import type { Cell, Position } from './cells.ts'
import { makeRandom, type Random } from './random.ts'

/** One signal of a round: to whom, where, and how long after the event that brings it there. */
export interface Shot extends Cell {
  readonly delayUs: number
  /** After a STOP: when it is let go on. */
  readonly contMs: number
}

/** All that a round does, from seed, number and cells alone. */
export interface Plan {
  readonly seed: number
  readonly round: number
  readonly shots: readonly Shot[]
  readonly workMs: number
  readonly downMs: number
  readonly stubborn: boolean
  /** The first run also has a resource. */
  readonly resource: boolean
  /** How the second run, if there is one, meets the first. */
  readonly second: 'none' | 'same domain' | 'same resource' | 'elsewhere'
  readonly hold: boolean
  /** Where the first run is when these come. */
  readonly cancelAt: Position | null
  readonly janitorAt: Position | null
  /** Janitors come one after the other, as long as the first run is there. */
  readonly janitorLoops: boolean
  /** Where the first run is when one that is queued behind it comes. */
  readonly secondAt: Position
  /** Everything that conducts the first run is killed here, so that somebody has to recover it. */
  readonly deathAt: Position | null
  readonly deathUs: number
}

/** Longest delay inside a position, about as long as it lasts. */
const LASTS_MS: Readonly<Record<Position, number>> = {
  before: 350,
  launch: 200,
  started: 60,
  staging: 250,
  tearing: 120,
  ending: 12,
}

export function shotsOf(seed: number, round: number): number {
  const random = makeRandom(seed, round, 1)
  return random.chance(0.03) ? 0 : random.pick([1, 2, 2, 3, 3])
}

/** A recoverer is there only when the first run has died; what else is shot then is of the second life. */
export function goesWith(first: Cell): (cell: Cell) => boolean {
  if (first.victim !== 'recoverer') return (cell) => cell.victim !== 'recoverer'
  const late = new Set(['wrapper', 'process', 'stage'])
  return (cell) => late.has(cell.victim) && cell.position !== 'staging'
}

export function makePlan(seed: number, round: number, cells: readonly Cell[]): Plan {
  const random = makeRandom(seed, round, 2)
  const has = (victim: Cell['victim']) => cells.find((cell) => cell.victim === victim)
  const recovered = has('recoverer') !== undefined
  const janitor = has('janitor')
  const resource = random.chance(0.4)
  const beside = resource ? 'same resource' : 'same domain'
  const swept = recovered && random.chance(0.5)
  const other = random.chance(0.3) ? random.pick(['same domain', beside, 'elsewhere'] as const) : 'none'
  const queued = has('waiter') !== undefined || (recovered && !swept)
  return {
    seed,
    round,
    shots: cells.map((cell) => aimed(cell, random)),
    workMs: 60 + random.below(200),
    downMs: 20 + random.below(100),
    stubborn: random.chance(0.3),
    resource,
    second: queued ? random.pick(['same domain', beside] as const) : other,
    hold: random.chance(0.1),
    cancelAt: random.chance(0.1) ? random.pick(['launch', 'started', 'staging', 'tearing'] as const) : null,
    janitorLoops: janitor !== undefined,
    secondAt: has('waiter')?.position === 'launch' ? 'before' : 'launch',
    janitorAt: janitorAt(janitor?.position, swept, random),
    deathAt: recovered ? random.pick(['launch', 'started', 'staging', 'staging', 'tearing'] as const) : null,
    deathUs: random.below(100_000),
  }
}

/** One that is to be met comes at once, and again whenever it has ended. */
function janitorAt(met: Position | undefined, swept: boolean, random: Random): Position | null {
  if (swept || met !== undefined) return 'before'
  return random.chance(0.12) ? random.pick(['started', 'staging', 'tearing'] as const) : null
}

function aimed(cell: Cell, random: Random): Shot {
  const delayUs = Math.floor(random.next() ** 2 * LASTS_MS[cell.position] * 1000)
  return { ...cell, delayUs, contMs: 20 + random.below(400) }
}
