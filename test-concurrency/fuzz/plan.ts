import { CELLS, type Cell, COARSE, type Grain, nameOf, POSITIONS, type Position } from './cells.ts'
import { makeRandom, type Random } from './random.ts'

/** How a campaign chooses: each cell, or all that are one by the grain, is aimed at in turn. */
export interface Form {
  readonly grain: Grain
  /** So many shots in each round; null = it is random, too. */
  readonly shots: number | null
}

export const FULL: Form = { grain: nameOf, shots: null }
export const SHORT: Form = { grain: COARSE, shots: 3 }

/** One signal of a round: to whom, where, and how long after the event that brings it there. */
export interface Shot extends Cell {
  readonly delayUs: number
  /** After a STOP: when it is let go on. */
  readonly contMs: number
}

/** All that a round does. */
export interface Plan {
  readonly seed: number
  readonly round: number
  readonly shots: readonly Shot[]
  readonly workMs: number
  /** The last stage of the first run goes on until the second run has its warm processes. */
  readonly warm: boolean
  readonly downMs: number
  readonly stubborn: boolean
  /** Budgets that somebody who never ends uses up within seconds. */
  readonly hasty: boolean
  /** The first run also has a resource. */
  readonly resource: boolean
  /** How the second run, if there is one, meets the first. */
  readonly second: 'none' | 'same domain' | 'same resource' | 'elsewhere'
  readonly hold: boolean
  /** Where the first run is when these come. */
  readonly cancelAt: Position | null
  readonly janitorAt: Position | null
  /** Janitors come one after the other: until all that are aimed at them have been shot, or as long as the first run is there. */
  readonly janitors: 'one' | 'until met' | 'until over'
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

/** Of those that do not live as long as their run is there. */
const LIVES_MS: Readonly<Partial<Record<Cell['victim'], number>>> = { git: 2, stage: 60 }

/** The plan of a round: the same for the same seed, round and form, whatever came of the rounds before it. */
export function planOf(seed: number, round: number, form: Form): Plan {
  return makePlan(seed, round, cellsOf(seed, round, form))
}

function cellsOf(seed: number, round: number, { grain, shots }: Form): readonly Cell[] {
  const random = makeRandom(seed, round, 1)
  const count = shots ?? (random.chance(0.03) ? 0 : random.pick([1, 2, 2, 3, 3]))
  if (count === 0) return []
  const deck = deckOf(grain)
  const place = makeRandom(seed, Math.floor(round / deck.length), 3).shuffle(deck)[round % deck.length]
  const first = random.pick(CELLS.filter((cell) => grain(cell) === place))
  const fitting = CELLS.filter(goesWith(first))
  // A short run has no rounds to lose: nobody is shot before the one that it is about.
  const others = shots === null ? fitting : fitting.filter((cell) => placeOf(cell) >= placeOf(first))
  const another = () => {
    const beside = random.pick([...new Set(others.map(grain))])
    return random.pick(others.filter((cell) => grain(cell) === beside))
  }
  return [first, ...Array.from({ length: count - 1 }, another)]
}

function placeOf({ position }: Cell): number {
  return POSITIONS.indexOf(position)
}

/** Cells by their grain, as often as one of them is to be the first of a round; that is all that a recoverer gets, so it comes twice. */
function deckOf(grain: Grain): readonly string[] {
  const grains = new Set(CELLS.map(grain))
  return [...grains, ...new Set(CELLS.filter(({ victim }) => victim === 'recoverer').map(grain))]
}

/** A recoverer is there only when the first run has died; what else is shot then is of the second life. One HALT is enough for a round. */
function goesWith(first: Cell): (cell: Cell) => boolean {
  if (first.victim !== 'recoverer') return (cell) => cell.victim !== 'recoverer' && cell.signal !== 'HALT'
  const late = new Set(['recoverer', 'wrapper', 'process', 'stage'])
  return (cell) => late.has(cell.victim) && cell.position !== 'staging' && cell.signal !== 'HALT'
}

export function makePlan(seed: number, round: number, cells: readonly Cell[]): Plan {
  const random = makeRandom(seed, round, 2)
  const has = (victim: Cell['victim']) => cells.find((cell) => cell.victim === victim)
  const halted = cells.find((cell) => cell.signal === 'HALT')
  const recovered = has('recoverer') !== undefined
  const resource = random.chance(0.4)
  const beside = resource ? 'same resource' : 'same domain'
  const swept = recovered && random.chance(0.5)
  const other = random.chance(0.3) ? random.pick(['same domain', beside, 'elsewhere'] as const) : 'none'
  const warm = has('warmWrapper') ?? has('warmProcess')
  const waits = has('waiter') ?? warm
  const queued = waits !== undefined || (recovered && !swept)
  return {
    seed,
    round,
    shots: cells.map((cell) => aimed(cell, random)),
    workMs: 60 + random.below(200),
    warm: warm !== undefined,
    downMs: 20 + random.below(100),
    stubborn: random.chance(0.3),
    hasty: halted !== undefined,
    resource,
    second: queued ? random.pick(['same domain', beside] as const) : other,
    hold: random.chance(0.1),
    cancelAt: random.chance(0.1) ? random.pick(['launch', 'started', 'staging', 'tearing'] as const) : null,
    secondAt: has('waiter')?.position === 'launch' ? 'before' : 'launch',
    deathAt: recovered ? random.pick(['launch', 'started', 'staging', 'staging', 'tearing'] as const) : null,
    deathUs: random.below(100_000),
    ...janitors(cells, swept, random),
  }
}

/** Those that are to be met come a little before the run is where they are to be met. */
function janitors(
  cells: readonly Cell[],
  swept: boolean,
  random: Random,
): Pick<Plan, 'janitorAt' | 'janitors'> {
  const chance = random.chance(0.12) ? random.pick(['started', 'staging', 'tearing'] as const) : null
  const places = cells
    .filter(({ victim }) => victim === 'janitor')
    .map(({ position }) => POSITIONS.indexOf(position))
  const before = POSITIONS[Math.min(...places) - 1] ?? 'before'
  if (cells.some(({ victim, signal }) => victim === 'process' && signal === 'HALT'))
    return { janitorAt: 'launch', janitors: 'until over' }
  if (swept) return { janitorAt: 'before', janitors: 'one' }
  if (places.length > 0) return { janitorAt: before, janitors: 'until met' }
  return { janitorAt: chance, janitors: 'one' }
}

function aimed(cell: Cell, random: Random): Shot {
  const lastsMs = LIVES_MS[cell.victim] ?? LASTS_MS[cell.position]
  const delayUs = Math.floor(random.next() ** 2 * lastsMs * 1000)
  return { ...cell, delayUs, contMs: 20 + random.below(400) }
}
