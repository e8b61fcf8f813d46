import { messageOf } from '../errors.ts'

/** What a sweep looks at. `stack` is what carries our label on the engine, at a domain, or is in the way there. */
export const SWEPT = [
  'name',
  'lock file',
  'run',
  'tickets',
  'run folder',
  'mirror',
  'secrets',
  'stack',
  'engine',
  'image',
] as const

/** What a sweep did, or would do, to one thing, and why. */
export interface Finding {
  readonly what: (typeof SWEPT)[number]
  readonly name: string
  readonly action:
    | 'cleaned'
    | 'removed'
    | 'ended'
    | 'pruned'
    | 'left'
    | 'untouched'
    | 'suspected leak'
    | 'let go on'
    | 'would clean'
    | 'would remove'
    | 'would end'
    | 'would let go on'
    | 'would prune'
  readonly why: string
}

export function finding(
  what: Finding['what'],
  name: string,
  action: Finding['action'],
  why: string,
): Finding {
  return { what, name, action, why }
}

/** A thing that goes wrong is left, and stops no other. */
export function guarded(
  what: Finding['what'],
  name: string,
  act: () => readonly Finding[],
): readonly Finding[] {
  try {
    return act()
  } catch (error) {
    return [finding(what, name, 'left', messageOf(error))]
  }
}
