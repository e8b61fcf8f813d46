import { substitute } from './substitute.ts'

/** Values by the variable's name. */
export type Values = ReadonlyMap<string, string>

/** One `$` of a text as compose reads it. */
export interface Use {
  /** As written: `${X:-y}`. */
  readonly text: string
  /** Empty: a `$` that begins no variable. */
  readonly name: string
  readonly operator: '' | Operator
  /** What stands behind the operator. Nothing in it is expanded. */
  readonly operand: string
}

const OPERATORS = [':-', '-', ':?', '?', ':+', '+'] as const
type Operator = (typeof OPERATORS)[number]

/** The pattern of Docker's CLI (docker/cli, cli/compose/template): names in any case, `$$` for a dollar, no braces inside an operand (of bounded length, so that a hostile file costs no more than its length). */
const VARIABLE = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(?:(:?[-?+])([^}]{0,1000}))?\}|)/gi

/** Every variable of a text in its order, and every stray `$`, which the deploy refuses. */
export function usesIn(text: string): readonly Use[] {
  return [...text.matchAll(VARIABLE)]
    .filter(([, escaped]) => escaped === undefined)
    .map(([all, , named, braced, operator, operand]) => ({
      text: all,
      name: named ?? braced ?? '',
      operator: OPERATORS.find((known) => known === operator) ?? '',
      operand: operand ?? '',
    }))
}

/** Far longer than a name, a path or a command in a label is. */
const MOST_CHARACTERS = 4096

/** The text as compose deploys it, or its beginning. What is unset is empty; a stray `$` stays. */
export function interpolated(text: string, values: Values): string {
  return substitute(text, VARIABLE, MOST_CHARACTERS, ([all, escaped, named, braced, operator, operand]) => {
    if (escaped !== undefined) return '$'
    const name = named ?? braced
    return name === undefined ? all : substituted(values.get(name), operator ?? '', operand ?? '')
  })
}

function substituted(value: string | undefined, operator: string, operand: string): string {
  const isSet = value !== undefined && (value !== '' || !operator.startsWith(':'))
  if (operator.endsWith('+')) return isSet ? operand : ''
  return operator.endsWith('-') && !isSet ? operand : (value ?? '')
}

/** Whether the text may not do without this variable: a value is demanded, or nothing stands in for it. */
export function isRequired({ operator }: Use): boolean {
  return operator === '' || operator.endsWith('?')
}
