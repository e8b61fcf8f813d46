import { at, copyOf, end, keyOf, NONE, type World } from './world.ts'

/** One thing that a process can do next. It changes the copy that it is given, and says what it did; null = it cannot be done now. */
export type Step = (world: World, pid: number) => string | null

export interface Model {
  readonly initial: World
  /** All that a process can do where it stands. */
  readonly steps: (world: World, pid: number) => readonly Step[]
  /** The law that this world breaks, or empty. */
  readonly law: (world: World) => string
  /** A world in which all is well and nobody has anything left to do. */
  readonly isSettled: (world: World) => boolean
  /** May this process be killed. */
  readonly isMortal: (world: World, pid: number) => boolean
}

export interface Exploration {
  readonly states: number
  /** Empty = every law holds in every state, and all can still come to a good end from each of them. */
  readonly fault: string
  /** How it came to the fault: a line for each step. */
  readonly story: readonly string[]
}

/** Too many states are no proof. */
const MOST_STATES = 3_000_000

/**
 * Visits every state that the model can reach, breadth first, so that the story of a fault is a shortest one. Safety: no step breaks a law.
 * Liveness: from every state a settled one can be reached (nothing is stuck for ever, no waiter is lost).
 */
export function explore(model: Model): Exploration {
  const waiting: World[] = [model.initial]
  const ids = new Map<string, number>([[keyOf(model.initial), 0]])
  const cameFrom: number[] = [NONE]
  const cameBy: string[] = ['']
  const before: number[][] = [[]]
  const told = (id: number, last: string): readonly string[] => {
    const story = [last]
    for (let one = id; one > 0; one = at(cameFrom, one)) story.unshift(at(cameBy, one))
    return story
  }
  const settled: number[] = []
  for (let id = 0; id < ids.size; id++) {
    const world = at(waiting, id)
    delete waiting[id]
    if (model.isSettled(world)) settled.push(id)
    for (const { what, next } of nextWorlds(model, world)) {
      const fault = next.fault || model.law(next)
      if (fault !== '') return { states: ids.size, fault, story: told(id, what) }
      const key = keyOf(next)
      const known = ids.get(key)
      if (known === undefined) {
        ids.set(key, ids.size)
        waiting.push(next)
        cameFrom.push(id)
        cameBy.push(what)
        before.push([id])
      } else at(before, known).push(id)
    }
    if (ids.size > MOST_STATES) throw new Error(`over ${MOST_STATES} states`)
  }
  const stuck = firstStuck(ids.size, settled, before)
  if (stuck === NONE) return { states: ids.size, fault: '', story: [] }
  return {
    states: ids.size,
    fault: 'it is stuck: no good end can be reached any more',
    story: told(stuck, '(stuck)'),
  }
}

interface Next {
  readonly what: string
  readonly next: World
}

function nextWorlds(model: Model, world: World): readonly Next[] {
  const found: Next[] = []
  world.processes.forEach((process, pid) => {
    if (process.at === 'zombie') return
    for (const step of model.steps(world, pid)) {
      const next = copyOf(world)
      const what = step(next, pid)
      if (what !== null) found.push({ what: `${process.kind} ${pid}: ${what}`, next })
    }
    if (world.kills > 0 && process.at !== 'gone' && model.isMortal(world, pid)) {
      const next = copyOf(world)
      next.kills--
      end(next, pid, 137)
      found.push({ what: `${process.kind} ${pid}: SIGKILL`, next })
    }
  })
  if (world.kills > 0) {
    const next = copyOf(world)
    next.kills--
    next.processes.forEach((_process, pid) => end(next, pid, 137))
    next.processes.forEach((_process, pid) => end(next, pid, 137))
    found.push({ what: 'the machine stops', next })
  }
  return found
}

/** Backwards from the settled states; what they do not reach is stuck. */
function firstStuck(
  states: number,
  settled: readonly number[],
  before: readonly (readonly number[])[],
): number {
  const good = new Uint8Array(states)
  const queue = [...settled]
  for (const id of queue) good[id] = 1
  while (queue.length > 0) {
    for (const id of at(before, queue.pop() ?? 0)) {
      if (good[id] === 1) continue
      good[id] = 1
      queue.push(id)
    }
  }
  return good.indexOf(0)
}
