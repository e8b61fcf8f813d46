import type { Model } from '../model/explore.ts'
import { at, copyOf, end, keyOf, NONE, type Process, type World } from '../model/world.ts'
import type { Deed } from './deeds.ts'
import type { Story } from './story.ts'

export interface Replayed {
  /** Empty = what happened is a path of the model, and no law is broken on it; else what it does not allow. */
  readonly refused: string
  readonly deeds: number
  readonly last: World
}

interface Point {
  readonly world: World
  /** Of each actor: its process in the model (NONE = not there yet, or any more), and how many of its deeds are done. */
  readonly pids: readonly number[]
  readonly done: readonly number[]
}

interface Telling {
  readonly model: Model
  readonly looksEarly: boolean
  readonly actors: readonly number[]
  readonly deeds: readonly (readonly Deed[])[]
}

/** What happened is one path, and little beside it. */
const MOST_POINTS = 100_000

/**
 * Looks for an order of what happened that is a path of the model. A deed comes after all that was over before it began; those that overlap
 * may have come in either order. Steps of the model that nobody else can notice may come at any time.
 * @param places the processes of the model that the commands are, by pid
 * @param looksEarly such a step may come long before the process's own next deed: who has read a folder does not see what is shown there a moment
 * later, by a deed that is over before that next one begins
 */
export function replay(
  model: Model,
  story: Story,
  places: ReadonlyMap<number, number>,
  looksEarly = false,
): Replayed {
  const actors = [...story.deeds.keys()]
  const telling = { model, looksEarly, actors, deeds: [...story.deeds.values()] }
  const all = telling.deeds.flat().length
  const start: Point = {
    world: copyOf(model.initial),
    pids: actors.map((pid) => places.get(pid) ?? NONE),
    done: actors.map(() => 0),
  }
  const seen = new Set([keyOfPoint(start)])
  const stack = [start]
  let farthest = [start]
  for (let point = stack.pop(); point !== undefined; point = stack.pop()) {
    const ahead = countOf(point) - countOf(at(farthest, 0))
    if (ahead > 0) farthest = [point]
    else if (ahead === 0) farthest.push(point)
    if (countOf(point) === all) return { refused: '', deeds: all, last: point.world }
    for (const next of pointsAfter(telling, point).toReversed()) {
      const key = keyOfPoint(next)
      if (!seen.has(key)) stack.push(next)
      seen.add(key)
    }
    if (seen.size > MOST_POINTS) throw new Error(`over ${MOST_POINTS} points`)
  }
  return { refused: refusal(telling, farthest), deeds: countOf(at(farthest, 0)), last: at(farthest, 0).world }
}

function countOf({ done }: Point): number {
  return done.reduce((sum, one) => sum + one, 0)
}

function keyOfPoint({ world, pids, done }: Point): string {
  return `${done}|${pids}|${keyOf(world)}`
}

function pointsAfter(telling: Telling, point: Point): readonly Point[] {
  const ready = readyActors(telling, point)
  return [
    ...ready.flatMap((index) => pointsByDeed(telling, point, index)),
    ...(telling.looksEarly ? telling.actors.keys().toArray() : ready).flatMap((index) =>
      pointsInSilence(telling, point, index),
    ),
  ]
}

/** Whose next deed began before the next one of any other was over. */
function readyActors({ deeds }: Telling, { done }: Point): readonly number[] {
  const next = deeds.map((own, index) => own[at(done, index)])
  const earliest = Math.min(...next.map((deed) => deed?.to ?? Number.POSITIVE_INFINITY))
  return next.flatMap((deed, index) => (deed !== undefined && deed.from <= earliest ? [index] : []))
}

interface Taken {
  readonly what: string
  readonly world: World
}

function stepsOf({ model }: Telling, world: World, pid: number): readonly Taken[] {
  if (pid === NONE || isGone(world, pid)) return []
  return model.steps(world, pid).flatMap((step) => {
    const next = copyOf(world)
    const what = step(next, pid)
    return what === null ? [] : [{ what, world: next }]
  })
}

function isGone(world: World, pid: number): boolean {
  return ['gone', 'zombie'].includes(at(world.processes, pid).at)
}

function pointsByDeed(telling: Telling, point: Point, index: number): readonly Point[] {
  const [pid, deed] = [at(point.pids, index), deedOf(telling, point, index)]
  const taken = deed.isEnd ? endsOf(telling, point.world, pid, deed) : stepsOf(telling, point.world, pid)
  return taken
    .filter(
      ({ what, world }) =>
        deed.says.test(what) && isLawful(telling, world) && givesAsTold(point.world, world, deed),
    )
    .map(({ world }) => ({
      world,
      pids: withChild(telling, point, world, deed).map((one, other) =>
        other === index && one !== NONE && isGone(world, one) ? NONE : one,
      ),
      done: point.done.with(index, at(point.done, index) + 1),
    }))
}

/** Who has nothing may leave at any time; who was killed is gone wherever it was; who was started ahead is ended by its starter. */
function endsOf(telling: Telling, world: World, pid: number, { signal }: Deed): readonly Taken[] {
  if (pid === NONE) return [{ what: 'has ended', world: copyOf(world) }]
  const { kind, fds, at: where, parent } = at(world.processes, pid)
  const next = copyOf(world)
  end(next, pid, 137)
  if (signal !== null) return [{ what: 'SIGKILL', world: next }]
  const hasNothing = fds.length === 0 && world.runs.every(({ lock }) => lock !== pid)
  const leaves = hasNothing && ['starter', 'acquirer', 'janitor'].includes(kind)
  const enders = where === 'waitsForGo' ? [pid, parent] : [pid]
  const ending = enders
    .flatMap((ender) => stepsOf(telling, world, ender))
    .filter((taken) => isGone(taken.world, pid))
  return leaves ? [...ending, { what: 'leaves', world: next }] : ending
}

function isLawful({ model }: Telling, world: World): boolean {
  return world.fault === '' && model.law(world) === ''
}

/** The child of a launch has just the locks that the model gives it. */
function givesAsTold(before: World, world: World, { gives }: Deed): boolean {
  const child = childIn(before, world)
  if (gives === null || child === NONE) return true
  const { names, fds } = at(world.processes, child)
  return `${names.filter((_, k) => fds[k] !== NONE)}` === `${gives}`
}

function withChild(
  { actors }: Telling,
  { pids, world }: Point,
  next: World,
  { child }: Deed,
): readonly number[] {
  return child === null ? pids : pids.with(actors.indexOf(child), childIn(world, next))
}

function childIn(before: World, world: World): number {
  return world.processes.findIndex(
    ({ at: where }, pid) => where !== 'gone' && before.processes[pid]?.at === 'gone',
  )
}

/** Steps that need no system call, or only a look without a lock. */
function pointsInSilence(telling: Telling, point: Point, index: number): readonly Point[] {
  const pid = at(point.pids, index)
  if (pid === NONE || looksInSight(at(point.world.processes, pid))) return []
  return stepsOf(telling, point.world, pid)
    .filter(({ world }) => shownBy(world) === shownBy(point.world))
    .map(({ world }) => ({ world, pids: point.pids, done: point.done }))
}

/** At these places a process looks, or is told, by calls that the trace must have; where nothing is dirty there is nothing to settle. */
function looksInSight({ at: where, dirty }: Process): boolean {
  return IN_SIGHT.has(where) || (where === 'settles' && dirty !== 0)
}

const IN_SIGHT: ReadonlySet<string> = new Set([
  'locks',
  'compares',
  'locksAhead',
  'comparesAhead',
  'looksAtOpenRuns',
  'launches',
  'asks',
  'proves',
])

/** All that anybody else can notice. */
function shownBy({ paths, marks, locks, descriptions, runs, deployed, processes }: World): string {
  const living = processes.map(({ at: where }) => where !== 'gone' && where !== 'zombie')
  return JSON.stringify([paths, marks, locks, descriptions, runs, deployed, living])
}

function deedOf({ deeds }: Telling, { done }: Point, index: number): Deed {
  return at(at(deeds, index), at(done, index))
}

/** What could have come next, and where its process may have stood by then. */
function refusal(telling: Telling, points: readonly Point[]): string {
  const stood = new Map<string, Set<string>>()
  for (const point of points) {
    for (const index of readyActors(telling, point)) {
      const { says, isEnd, call } = deedOf(telling, point, index)
      const what = `${isEnd ? 'its end' : says.source} [${call.slice(0, 160)}]`
      const deed = `${what} by process ${at(telling.actors, index)}`
      stood.set(deed, (stood.get(deed) ?? new Set()).add(whereabouts(telling, point, index)))
    }
  }
  const lines = [...stood].map(([deed, where]) => `${[...where].join(', ')}: ${deed}`)
  return lines.length > 0 ? lines.join('\n') : 'nothing could have come next'
}

/** Its place; and the law that the deed would break there. */
function whereabouts(telling: Telling, point: Point, index: number): string {
  const pid = at(point.pids, index)
  if (pid === NONE) return 'nowhere'
  const { says, isEnd } = deedOf(telling, point, index)
  const faults = stepsOf(telling, point.world, pid)
    .filter(({ what }) => !isEnd && says.test(what))
    .map(({ world }) => world.fault || telling.model.law(world))
  return [at(point.world.processes, pid).at, ...faults].join(' ')
}
