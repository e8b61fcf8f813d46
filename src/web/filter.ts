import type { RunRow } from '../model/ports.ts'
import { isIdle, type Lane } from './lanes.ts'

type Searched = Pick<RunRow, 'id' | 'recipe' | 'repository' | 'pr' | 'actor' | 'names'>

type About = Pick<RunRow, 'recipe' | 'repository' | 'pr'>

/** Names that are shown where nobody asks for all: a page stays one that a person can read, and a browser soon has. */
export const MOST_SHOWN = 50

/** Whether a run has the words in it that somebody looks for; all of them, in any order and any case. */
export function runMatches(query: string): (row: Searched) => boolean {
  const words = wordsOf(query)
  if (words.length === 0) return () => true
  return ({ id, recipe, repository, pr, actor, names }) =>
    hasAll(words, [id, recipe, `${repository} #${pr}`, actor, ...names])
}

/** Whether a name, or who has it or waits for it, has the words in it. */
export function laneMatches(query: string, runs: ReadonlyMap<string, About>): (lane: Lane) => boolean {
  const words = wordsOf(query)
  if (words.length === 0) return () => true
  return ({ name, state, run, hold, waiters }) => {
    const ids = [run, ...waiters.map((waiter) => waiter.run)].filter((id) => id !== null)
    const abouts = ids.map((id) => runs.get(id)).filter((about) => about !== undefined)
    const texts = abouts.map(({ recipe, repository, pr }) => `${recipe} ${repository} #${pr}`)
    return hasAll(words, [name, state, hold?.by ?? '', hold?.reason ?? '', ...ids, ...texts])
  }
}

function wordsOf(query: string): readonly string[] {
  return query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
}

function hasAll(words: readonly string[], texts: readonly string[]): boolean {
  const text = texts.join('\n').toLowerCase()
  return words.every((word) => text.includes(word))
}

const URGENCY = ['blocked', 'dirty', 'busy', 'free'] as const

/** What a person has to see first stands first: what nobody can clean, what is uncleaned, what others wait for. Idle ones come last. */
export function byUrgency(lanes: readonly Lane[]): readonly Lane[] {
  const rank = (lane: Lane) =>
    isIdle(lane) ? 100 : 10 * URGENCY.indexOf(lane.state) + (lane.waiters.length > 0 ? 0 : 1)
  return lanes.toSorted((one, other) => rank(one) - rank(other))
}
