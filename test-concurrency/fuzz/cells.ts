/** Where a run is, by its folder and the last line of its journal. `started`: a process conducts it, and nothing more is told yet. */
export const POSITIONS = ['before', 'launch', 'started', 'staging', 'tearing', 'ending'] as const
export type Position = (typeof POSITIONS)[number]

/** STOP is let go on after a while; HALT is a SIGSTOP for good. */
export const SIGNALS = ['KILL', 'TERM', 'INT', 'HUP', 'STOP', 'HALT'] as const
export type Signal = (typeof SIGNALS)[number]

/** Whom a signal can meet, and where its run may be then; for janitor, waiter and its warm processes: the run beside it; for the recoverer: the run's second life. */
const MEETINGS = {
  cli: POSITIONS,
  wrapper: ['launch', 'started', 'staging', 'tearing', 'ending'],
  process: ['launch', 'started', 'staging', 'tearing', 'ending'],
  git: ['started'],
  stage: ['staging', 'tearing'],
  grandchild: ['staging'],
  janitor: ['launch', 'started', 'staging', 'tearing', 'ending'],
  // A second life is `started` for the milliseconds between two lines: nobody can aim there.
  recoverer: ['launch', 'tearing', 'ending'],
  waiter: ['launch', 'started', 'staging', 'tearing', 'ending'],
  // What the waiter has started ahead of its locks.
  warmWrapper: ['staging', 'tearing', 'ending'],
  warmProcess: ['staging', 'tearing', 'ending'],
} as const satisfies Readonly<Record<string, readonly Position[]>>
export type Victim = keyof typeof MEETINGS

/** One cell of the histogram: whom, where, what. */
export interface Cell {
  readonly victim: Victim
  readonly position: Position
  readonly signal: Signal
}

/**
 * What is stopped for good must be ended by its run, or with a run process by a sweep, which finds it past its ceiling wherever it is. Who else
 * is stopped with a name, a sweep lets go on, but only when its lock is due: no round lasts so long.
 */
const HALTS: Readonly<Partial<Record<Victim, readonly Position[]>>> = {
  process: ['launch', 'started', 'staging', 'tearing', 'ending'],
  git: ['started'],
  stage: ['staging', 'tearing'],
  grandchild: ['staging'],
}

function isMeant({ victim, position, signal }: Cell): boolean {
  return signal !== 'HALT' || HALTS[victim]?.includes(position) === true
}

export const CELLS: readonly Cell[] = Object.entries(MEETINGS).flatMap(([victim, positions]) =>
  positions.flatMap((position) =>
    SIGNALS.map((signal): Cell => ({ victim: victim as Victim, position, signal })).filter(isMeant),
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
  const whom = victim.startsWith('warm') ? 'warm' : victim
  return `${whom}/${way}/${signal === 'KILL' ? 'killed' : 'told'}`
}

export interface Histogram {
  readonly hit: (cell: Cell) => void
  /** What no shot has met yet, by its grain. */
  readonly empty: () => readonly string[]
  readonly text: () => string
}

export function makeHistogram(grain: Grain): Histogram {
  const hits = new Map<string, number>()
  const met = new Set<string>()
  return {
    hit(cell) {
      hits.set(nameOf(cell), (hits.get(nameOf(cell)) ?? 0) + 1)
      met.add(grain(cell))
    },
    empty: () => [...new Set(CELLS.map(grain))].filter((name) => !met.has(name)),
    text: () => table(hits),
  }
}

function table(hits: ReadonlyMap<string, number>): string {
  const aims = new Set(CELLS.map(nameOf))
  const head = ['', '', ...SIGNALS].map(pad).join('')
  const rows = Object.keys(MEETINGS).flatMap((victim) =>
    POSITIONS.flatMap((position) => {
      const names = SIGNALS.map((signal) => `${victim}/${position}/${signal}`)
      if (!names.some((name) => aims.has(name) || hits.has(name))) return []
      const counts = names.map((name) => hits.get(name) ?? (aims.has(name) ? 0 : '-'))
      return [[victim, position, ...counts].map(pad).join('')]
    }),
  )
  return [head, ...rows].join('\n')
}

function pad(word: string | number, column: number): string {
  return column < 2 ? String(word).padEnd(12) : String(word).padStart(6)
}
