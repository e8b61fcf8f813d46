import { closest } from './closest.ts'
import type { ArgumentRule } from './recipe.ts'

export type Arguments = Readonly<Record<string, string>>
export type CheckedArguments = { readonly values: Arguments } | { readonly fault: string }

/** The values that a run gets: what was asked for, checked against the recipe's rules, and its defaults for the rest. */
export function checkArguments(
  rules: Readonly<Record<string, ArgumentRule>>,
  given: Arguments,
): CheckedArguments {
  for (const [key, value] of Object.entries(given)) {
    const fault = argumentFault(rules, key, value)
    if (fault !== null) return { fault }
  }
  const values = Object.entries(rules).map(([key, rule]) => [key, given[key] ?? rule.default] as const)
  return { values: Object.fromEntries(values) }
}

function argumentFault(
  rules: Readonly<Record<string, ArgumentRule>>,
  key: string,
  value: string,
): string | null {
  const rule = Object.hasOwn(rules, key) ? rules[key] : undefined
  if (rule === undefined) return `there is no argument ${key}; ${offer(Object.keys(rules), key)}`
  if (rule.values.includes(value)) return null
  return `${key} cannot be ${value}; ${offer(rule.values, value)}`
}

function offer(words: readonly string[], given: string): string {
  if (words.length === 0) return 'this recipe takes none'
  const near = closest(given, words)
  return `valid: ${words.join(', ')}${near === null ? '' : ` (did you mean ${near}?)`}`
}
