import type { NameLook } from '../lock/look.ts'
import type { Name } from '../model/names.ts'
import type { RunRow } from '../model/ports.ts'

/** Who wants a name, in the words of its ticket or of the queue. */
export interface Waiter {
  readonly what: string
  readonly run: string | null
}

/** What is known of a name, and who wants it: those with a ticket in their order, then the queue's in its own. */
export interface Lane extends Omit<NameLook, 'waiters'> {
  readonly waiters: readonly Waiter[]
}

/** A run's id where a text names a run, as tickets and the queue do. */
export const RUN_IN_TEXT = /\b(?:run|recovery of) ([0-9a-hjkmnp-tv-z]{16})\b/g

/** The lanes of all names that somebody has, wants or has left something at, sorted. Takes as long as names and queue together are. */
export function lanesOf(looks: readonly NameLook[], queued: readonly RunRow[]): readonly Lane[] {
  const wanted = wantedBy(queued)
  const known = new Set(looks.map(({ name }) => name))
  const others = [...wanted.keys()].filter((name) => !known.has(name))
  return [...looks, ...others.map(untouched)]
    .map((look) => laneOf(look, wanted.get(look.name) ?? []))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Nobody has it, and nobody waits for it. */
export function isIdle({ state, waiters, hold }: Lane): boolean {
  return state === 'free' && waiters.length === 0 && hold === null
}

function laneOf(look: NameLook, wanting: readonly string[]): Lane {
  return { ...look, waiters: waitersOf(look, wanting) }
}

/** Who of the queue wants each name, in its order. */
function wantedBy(queued: readonly RunRow[]): ReadonlyMap<Name, readonly string[]> {
  const wanted = new Map<Name, string[]>()
  for (const { id, names } of queued)
    for (const name of new Set(names)) {
      const ids = wanted.get(name)
      if (ids === undefined) wanted.set(name, [id])
      else ids.push(id)
    }
  return wanted
}

function waitersOf(look: NameLook, wanting: readonly string[]): readonly Waiter[] {
  const tickets = look.waiters.map((what) => ({ what, run: runNamedIn(what) }))
  const named = new Set(tickets.map(({ run }) => run))
  const behind = wanting.filter((id) => !named.has(id))
  return [...tickets, ...behind.map((id) => ({ what: `run ${id}`, run: id }))]
}

function runNamedIn(text: string): string | null {
  return [...text.matchAll(RUN_IN_TEXT)][0]?.[1] ?? null
}

function untouched(name: Name): NameLook {
  return { name, state: 'free', run: null, sinceMs: null, pids: [], waiters: [], hold: null }
}
