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
  /** Points that none of their services came to: it made fewer such calls, all of which are points that were met. */
  readonly passing: readonly Point[]
  /** Points that a service made the call of and lived, or of which none was met that has their name: the driver is wrong about them. */
  readonly unmet: readonly Point[]
  readonly failures: readonly Outcome[]
}

/** Finds every point of a service's life, and plays one story for each of them. */
export async function crash(campaign: Campaign, theatre: Theatre): Promise<Tally> {
  const { story, first, seed, most, say } = campaign
  const recordings = await record(campaign, theatre)
  const lives = recordings.map(({ lives }) => lives[first.length] ?? [])
  const points = uniquePoints(lives.flat())
  const chosen = drawn(points, most, makeRandom(seed))
  say(`${points.length} points, ${chosen.length} of them now`)
  const known = most === 'all' ? new Set(points.map(nameOf)) : null
  const { met, away, strays } = await playAll(campaign, theatre, chosen, known)
  const names = new Set(met.map(({ points }) => points.at(-1)?.name))
  const isWrong = ({ point, isMade }: Away) => isMade || !names.has(point.name)
  return {
    campaign: { story, first, seed },
    calls: lives[0]?.length ?? 0,
    points: known?.size ?? points.length,
    outcomes: met,
    passing: away.filter((one) => !isWrong(one)).map(({ point }) => point),
    unmet: away.filter(isWrong).map(({ point }) => point),
    failures: [...recordings, ...met, ...strays].filter(({ faults }) => faults.length > 0),
  }
}

function record({ story, first, recordings }: Campaign, theatre: Theatre): Promise<readonly Outcome[]> {
  return Promise.all(Array.from({ length: recordings }, () => theatre.play({ story, points: first })))
}

/** A point that was not met. */
interface Away {
  readonly point: Point
  /** Its service did make the call. */
  readonly isMade: boolean
}

/** Stories in which a point may stay away. */
const MOST_TRIES = 3

/**
 * @param known where all points are to be met: what a life shows that no recording has shown is a point, too. Of some points one that
 * stays away is followed by the one before it.
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
  const away: Away[] = []
  async function meet(point: Point, tries: number): Promise<void> {
    const outcome = await theatre.play({ story, points: [...first, point] })
    const calls = outcome.lives[first.length] ?? []
    if (outcome.faults.length > 0) say(failureText(outcome))
    const fresh = known === null ? [] : pointsOf(calls).filter(isNew(known))
    queue.push(...fresh.map((point) => ({ point, tries: MOST_TRIES })))
    // Its calls have been looked at, and are many.
    if (outcome.unmet.length === 0) return void met.push({ ...outcome, lives: [] })
    if (outcome.faults.length > 0) strays.push(outcome)
    const isMade = calls.some((call) => callName(call) === callName(point))
    const again = known === null ? { ...point, number: point.number - 1 } : point
    if (isMade || again.number === 0 || tries === MOST_TRIES) away.push({ point, isMade })
    else queue.push({ point: again, tries: known === null ? tries : tries + 1 })
  }
  const lane = async () => {
    for (let next = queue.shift(); next !== undefined && !isStopped(); next = queue.shift()) {
      await meet(next.point, next.tries)
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

function callName({ number, name }: Call): string {
  return `${number} ${name}`
}
