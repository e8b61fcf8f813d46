/**
 * Reading what comes from outside without a schema library: the run process starts with every run, and a schema library
 * costs it more than everything else together.
 */
export type Fields = Readonly<Record<string, unknown>>

export function fieldsOf(value: unknown, what: string): Fields {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value }
  throw new TypeError(`${what} must be an object, and is ${describe(value)}`)
}

export function textOf(fields: Fields, key: string): string {
  const value = fields[key]
  if (typeof value === 'string') return value
  throw new TypeError(`${key} must be text, and is ${describe(value)}`)
}

export function numberOf(fields: Fields, key: string): number {
  const value = fields[key]
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw new TypeError(`${key} must be a number, and is ${describe(value)}`)
}

export function flagOf(fields: Fields, key: string): boolean {
  const value = fields[key]
  if (typeof value === 'boolean') return value
  throw new TypeError(`${key} must be true or false, and is ${describe(value)}`)
}

export function listOf<T>(fields: Fields, key: string, read: (value: unknown) => T): readonly T[] {
  const value = fields[key]
  if (Array.isArray(value)) return value.map((item: unknown) => read(item))
  throw new TypeError(`${key} must be a list, and is ${describe(value)}`)
}

export function textsOf(fields: Fields, key: string): readonly string[] {
  return listOf(fields, key, (value) => textOf({ [key]: value }, key))
}

/** A flat map of texts, such as an environment. */
export function textMapOf(fields: Fields, key: string): Readonly<Record<string, string>> {
  const map = fieldsOf(fields[key], key)
  return Object.fromEntries(Object.keys(map).map((name) => [name, textOf(map, name)]))
}

/** The value read by `read`, or null where the field is null or missing. */
export function optional<T>(fields: Fields, key: string, read: (fields: Fields, key: string) => T): T | null {
  return fields[key] === undefined || fields[key] === null ? null : read(fields, key)
}

/** The member of `words` that the field holds. */
export function oneOf<const T extends string>(fields: Fields, key: string, words: readonly T[]): T {
  const value = textOf(fields, key)
  const word = words.find((candidate) => candidate === value)
  if (word !== undefined) return word
  throw new TypeError(`${key} must be one of ${words.join(', ')}, and is ${describe(value)}`)
}

function describe(value: unknown): string {
  if (value === undefined) return 'missing'
  if (typeof value === 'bigint') return `${value}, which is too large`
  const text = JSON.stringify(value)
  return text.length > 60 ? `${text.slice(0, 57)}...` : text
}
