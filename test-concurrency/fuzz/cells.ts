import type { Random } from './random.ts'

/** Where a run is, by its folder and the last line of its journal. `started`: a process conducts it, and nothing more is told yet. */
export const POSITIONS = ['before', 'launch', 'started', 'staging', 'tearing', 'ending'] as const
export type Position = (typeof POSITIONS)[number]

export const SIGNALS = ['KILL', 'TERM', 'INT', 'HUP', 'STOP'] as const
export type Signal = (typeof SIGNALS)[number]

/** Whom a signal can meet, and where its run may be then; for janitor and waiter: the run beside it; for the recoverer: the run's second life. */
const MEETINGS = {
  cli: POSITIONS,
  wrapper: ['launch', 'started', 'staging', 'tearing', 'ending'],
  process: ['launch', 'started', 'staging', 'tearing', 'ending'],
  stage: ['staging', 'tearing'],
  grandchild: ['staging'],
  janitor: ['launch', 'started', 'staging', 'tearing', 'ending'],
  // A second life is `started` for the milliseconds between two lines: nobody can aim there.
  recoverer: ['launch', 'tearing', 'ending'],
  waiter: ['launch', 'started', 'staging', 'tearing', 'ending'],
} as const satisfies Readonly<Record<string, readonly Position[]>>
export type Victim = keyof typeof MEETINGS

/** One cell of the histogram: whom, where, what. */
export interface Cell {
  readonly victim: Victim
  readonly position: Position
  readonly signal: Signal
}

export const CELLS: readonly Cell[] = Object.entries(MEETINGS).flatMap(([victim, positions]) =>
  positions.flatMap((position) =>
    SIGNALS.map((signal): Cell => ({ victim: victim as Victim, position, signal })),
  ),
)

export function nameOf({ victim, position, signal }: Cell): string {
  return `${victim}/${position}/${signal}`
}

export function cellOf(name: string): Cell {
  const cell = CELLS.find((cell) => nameOf(cell) === name)
  if (cell === undefined) throw new Error(`there is no cell ${name}`)
  return cell
}

/** Puts cells that are alike for a short run into one. */
export type Grain = (cell: Cell) => string

/** On the way forth or back; killed, or something that can be heard. */
export const COARSE: Grain = ({ victim, position, signal }) => {
  const way = position === 'tearing' || position === 'ending' ? 'back' : 'forth'
  return `${victim}/${way}/${signal === 'KILL' ? 'killed' : 'told'}`
}

export interface Histogram {
  readonly hit: (cell: Cell) => void
  /** One of the emptiest cells of those that fit; what is under way counts, too. */
  readonly emptiest: (random: Random, fits: (cell: Cell) => boolean) => Cell
  readonly aimed: (cells: readonly Cell[], by: 1 | -1) => void
  readonly empty: () => readonly string[]
  readonly text: () => string
}

export function makeHistogram(grain: Grain): Histogram {
  const hits = new Map<string, number>(CELLS.map((cell) => [grain(cell), 0]))
  const fine = new Map<string, number>()
  const aims = new Map<string, number>()
  const count = (map: Map<string, number>, key: string, by: number) => map.set(key, (map.get(key) ?? 0) + by)
  const weight = (cell: Cell) => (hits.get(grain(cell)) ?? 0) + (aims.get(grain(cell)) ?? 0)
  return {
    hit(cell) {
      count(fine, nameOf(cell), 1)
      if (hits.has(grain(cell))) count(hits, grain(cell), 1)
    },
    emptiest(random, fits) {
      const fitting = CELLS.filter(fits)
      const least = Math.min(...fitting.map(weight))
      const emptiest = fitting.filter((cell) => weight(cell) === least)
      const key = random.pick([...new Set(emptiest.map(grain))])
      return random.pick(emptiest.filter((cell) => grain(cell) === key))
    },
    aimed(cells, by) {
      for (const cell of cells) count(aims, grain(cell), by)
    },
    empty: () => [...hits].flatMap(([name, count]) => (count === 0 ? [name] : [])),
    text: () => table(fine),
  }
}

function table(hits: ReadonlyMap<string, number>): string {
  const head = ['', '', ...SIGNALS].map((word, index) => pad(word, index)).join('')
  const rows = Object.keys(MEETINGS).flatMap((victim) =>
    POSITIONS.flatMap((position) => {
      const counts = SIGNALS.map((signal) => hits.get(`${victim}/${position}/${signal}`))
      const isAimed = (MEETINGS[victim as Victim] as readonly Position[]).includes(position)
      if (!isAimed && counts.every((count) => count === undefined)) return []
      const words = [victim, position, ...counts.map((count) => String(count ?? (isAimed ? 0 : '-')))]
      return [words.map((word, index) => pad(word, index)).join('')]
    }),
  )
  return [head, ...rows].join('\n')
}

function pad(word: string, column: number): string {
  return column < 2 ? word.padEnd(11) : word.padStart(6)
}
