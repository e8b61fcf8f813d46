import type { Person } from '../model/access.ts'
import { ACTS, type NewAction } from '../model/action.ts'
import { fieldsOf, numberOf, oneOf, optional, textOf } from '../model/read.ts'

/** Something that was asked for on a page or over the API. */
export interface ActionEvent {
  readonly kind: 'action'
  readonly action: NewAction
}

/** Reads back what the service itself has stored. */
export function readAction(value: unknown): ActionEvent {
  const fields = fieldsOf(value, 'action')
  const action = {
    id: textOf(fields, 'id'),
    act: oneOf(fields, 'act', ACTS),
    run: optional(fields, 'run', textOf),
    name: optional(fields, 'name', textOf),
    forMs: numberOf(fields, 'forMs'),
    reason: textOf(fields, 'reason'),
    by: readPerson(fields['by']),
    from: textOf(fields, 'from'),
    askedAtMs: numberOf(fields, 'askedAtMs'),
  }
  return { kind: 'action', action }
}

function readPerson(value: unknown): Person {
  const fields = fieldsOf(value, 'by')
  if (oneOf(fields, 'kind', ['github', 'token'] as const) === 'token')
    return { kind: 'token', name: textOf(fields, 'name') }
  return { kind: 'github', id: numberOf(fields, 'id'), login: textOf(fields, 'login') }
}
