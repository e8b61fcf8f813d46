import { makeRandom } from '../fuzz/random.ts'
import { type Call, drawn, type Most, nameOf, type Point, pointsOf } from './point.ts'
import type { StoryName } from './story.ts'
import { failureText, type Outcome, type Theatre } from './theatre.ts'

export interface Campaign {
  readonly story: StoryName
  /** Where services before the one that this is about are killed. */
  readonly first: readonly Point[]
  /** How many of the points, drawn by the seed. */
  readonly most: Most
  readonly seed: number
  /** Undisturbed stories, for the calls that there are: those that differ between them are met now and then only. */
  readonly recordings: number
  /** Stories at a time. */
  readonly lanes: number
  readonly say: (text: string) => void
  readonly isStopped: () => boolean
}

export interface Tally {
  readonly campaign: Pick<Campaign, 'story' | 'first' | 'seed'>
  /** Calls of one undisturbed service. */
  readonly calls: number
  /** All that there are, of which maybe only some were played. */
  readonly points: number
  /** One for each point that was met. */
  readonly outcomes: readonly Outcome[]
  /** Points that not every service comes to, and none came to when it was their turn. */
  readonly passing: readonly Point[]
  /** Points that every undisturbed service came to, and none came to when it was their turn: the driver is wrong about them. */
  readonly unmet: readonly Point[]
  readonly failures: readonly Outcome[]
}

/** Stories in which a point may stay away. */
const MOST_TRIES = 3

/** Finds every point of a service's life, and plays one story for each of them. */
export async function crash(campaign: Campaign, theatre: Theatre): Promise<Tally> {
  const { story, first, seed, most, say } = campaign
  const recordings = await record(campaign, theatre)
  const lives = recordings.map(({ lives }) => lives[first.length] ?? [])
  const steady = new Set(lives.map(namesOf).reduce((all, names) => all.intersection(names)))
  const points = uniquePoints(lives.flat())
  const chosen = drawn(points, most, makeRandom(seed))
  say(`${points.length} points, ${chosen.length} of them now`)
  const tally = await playAll(campaign, theatre, chosen, most === 'all' ? new Set(points.map(nameOf)) : null)
  return {
    campaign: { story, first, seed },
    calls: lives[0]?.length ?? 0,
    points: points.length,
    outcomes: tally.met,
    passing: tally.away.filter((point) => !steady.has(callName(point))),
    unmet: tally.away.filter((point) => steady.has(callName(point))),
    failures: [...recordings, ...tally.met, ...tally.strays].filter(({ faults }) => faults.length > 0),
  }
}

function record({ story, first, recordings }: Campaign, theatre: Theatre): Promise<readonly Outcome[]> {
  return Promise.all(Array.from({ length: recordings }, () => theatre.play({ story, points: first })))
}

/**
 * @param known where all points are to be met: what a life shows that no recording has shown is a point, too
 */
async function playAll(
  { story, first, lanes, say, isStopped }: Campaign,
  theatre: Theatre,
  chosen: readonly Point[],
  known: Set<string> | null,
) {
  const queue = chosen.map((point) => ({ point, tries: 1 }))
  const met: Outcome[] = []
  const strays: Outcome[] = []
  const away: Point[] = []
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined && !isStopped(); next = queue.shift()) {
      const { point, tries } = next
      const outcome = await theatre.play({ story, points: [...first, point] })
      if (outcome.faults.length > 0) say(failureText(outcome))
      const fresh = known === null ? [] : pointsOf(outcome.lives[first.length] ?? []).filter(isNew(known))
      queue.push(...fresh.map((point) => ({ point, tries: MOST_TRIES })))
      // Its calls have been looked at, and are many.
      if (outcome.unmet.length === 0) met.push({ ...outcome, lives: [] })
      else if (tries < MOST_TRIES) queue.push({ point, tries: tries + 1 })
      else away.push(point)
      if (outcome.unmet.length > 0 && outcome.faults.length > 0) strays.push(outcome)
      if (met.length % 100 === 0 && met.length > 0) say(`${met.length} points met, ${queue.length} to come`)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { met, strays, away }
}

function isNew(known: Set<string>): (point: Point) => boolean {
  return (point) => {
    const name = nameOf(point)
    const isNew = !known.has(name)
    known.add(name)
    return isNew
  }
}

function uniquePoints(calls: readonly Call[]): readonly Point[] {
  return pointsOf([...new Map(calls.map((call) => [callName(call), call])).values()])
}

function namesOf(calls: readonly Call[]): ReadonlySet<string> {
  return new Set(calls.map(callName))
}

function callName({ number, name }: Call): string {
  return `${number} ${name}`
}
