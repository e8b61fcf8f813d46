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

/** The pattern of Docker's CLI (docker/cli, cli/compose/template): names in any case, `$$` for a dollar, no braces inside an operand. */
const VARIABLE = /\$(?:(\$)|([_a-z][_a-z0-9]*)|\{([_a-z][_a-z0-9]*)(?:(:?[-?+])([^}]*))?\}|)/gi

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

/** The text as compose deploys it. What is unset is empty; a stray `$` stays. */
export function interpolated(text: string, values: Values): string {
  return text.replaceAll(VARIABLE, (all, escaped?: string, named?: string, braced?: string, ...rest) => {
    if (escaped !== undefined) return '$'
    const name = named ?? braced
    if (name === undefined) return all
    const [operator, operand] = rest
    return substituted(values.get(name), String(operator ?? ''), String(operand ?? ''))
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
