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

/** The lanes of all names that somebody has, wants or has left something at, sorted. */
export function lanesOf(looks: readonly NameLook[], queued: readonly RunRow[]): readonly Lane[] {
  const known = new Set(looks.map(({ name }) => name))
  const wanted = new Set(queued.flatMap(({ names }) => names).filter((name) => !known.has(name)))
  return [...looks, ...[...wanted].map(untouched)]
    .map((look) => laneOf(look, queued))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** Nobody has it, and nobody waits for it. */
export function isIdle({ state, waiters, hold }: Lane): boolean {
  return state === 'free' && waiters.length === 0 && hold === null
}

function laneOf(look: NameLook, queued: readonly RunRow[]): Lane {
  return { ...look, waiters: waitersOf(look, queued) }
}

function waitersOf(look: NameLook, queued: readonly RunRow[]): readonly Waiter[] {
  const tickets = look.waiters.map((what) => ({ what, run: runNamedIn(what) }))
  const named = new Set(tickets.map(({ run }) => run))
  const behind = queued.filter((row) => row.names.includes(look.name) && !named.has(row.id))
  return [...tickets, ...behind.map(({ id }) => ({ what: `run ${id}`, run: id }))]
}

function runNamedIn(text: string): string | null {
  return [...text.matchAll(RUN_IN_TEXT)][0]?.[1] ?? null
}

function untouched(name: Name): NameLook {
  return { name, state: 'free', run: null, sinceMs: null, pids: [], waiters: [], hold: null }
}
