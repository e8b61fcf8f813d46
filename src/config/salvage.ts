import { z } from 'zod'

/** A value of which parts may be missing, because they could not be read: such a key is there and says undefined. Members of lists keep their places. */
export type Salvaged<T> =
  T extends ReadonlyArray<infer Item>
    ? ReadonlyArray<Salvaged<Item> | undefined>
    : T extends object
      ? { readonly [Key in keyof T]?: Salvaged<T[Key]> | undefined }
      : T

/** What of `input` fits the schema, so that rules between fields can be checked although another field is wrong. */
export function salvage<S extends z.ZodType>(schema: S, input: unknown): Salvaged<z.output<S>> | undefined {
  return parts(schema, input) as Salvaged<z.output<S>> | undefined
}

function parts(schema: z.core.$ZodType, input: unknown): unknown {
  const whole = z.safeParse(schema, input)
  if (whole.success) return whole.data
  const bare = unwrapped(schema)
  if (bare instanceof z.ZodArray && Array.isArray(input)) {
    return input.map((item: unknown) => parts(bare.element, item))
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) return undefined
  const fields = new Map(Object.entries(input))
  if (bare instanceof z.ZodObject)
    return fromKeys(Object.keys(bare.shape), fields, (key) => parts(bare.shape[key], fields.get(key)))
  if (bare instanceof z.ZodRecord)
    return fromKeys([...fields.keys()], NONE, (key) => parts(bare.valueType, fields.get(key)))
  return undefined
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodDefault || schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional)
    return unwrapped(schema.def.innerType)
  return schema
}

const NONE: ReadonlyMap<string, unknown> = new Map()

/** `given`: those that are kept although they could not be read. */
function fromKeys(
  keys: readonly string[],
  given: ReadonlyMap<string, unknown>,
  read: (key: string) => unknown,
): Readonly<Record<string, unknown>> {
  const pairs = keys.map((key) => [key, read(key)] as const)
  return Object.fromEntries(pairs.filter(([key, value]) => value !== undefined || given.has(key)))
}
