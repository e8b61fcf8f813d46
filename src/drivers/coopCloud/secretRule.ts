import { randomInt } from 'node:crypto'
import type { DotenvEntry } from './dotenv.ts'
import type { Fault } from './fault.ts'

/** How a secret's value is made. */
export interface SecretRule {
  /** null = a passphrase. */
  readonly length: number | null
  /** The characters to choose from. */
  readonly alphabet: string
  /** false = a value of a kind that only its author can make: the operator has to give it. */
  readonly generate: boolean
}

/** abra's alphabets (github.com/schultz-is/passgen, const.go): letters and digits without those that look alike. */
const DEFAULT = 'abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789'
const SPECIAL = '!@#$%^&*_-+='
/** Without the dollar, which shells and compose files take for a variable. */
const SAFE_SPECIAL = '!@#%^&*_-+='

/** abra, pkg/secret, resolveCharset: what it does not know is the default. */
const ALPHABETS: Readonly<Record<string, string>> = {
  hex: '0123456789abcdef',
  special: SPECIAL,
  safespecial: SAFE_SPECIAL,
  'default,special': DEFAULT + SPECIAL,
  'special,default': DEFAULT + SPECIAL,
  'default,safespecial': DEFAULT + SAFE_SPECIAL,
  'safespecial,default': DEFAULT + SAFE_SPECIAL,
}

export const NO_RULE: SecretRule = { length: null, alphabet: DEFAULT, generate: true }

/** passgen refuses others. */
const LEAST_LENGTH = 5
const MOST_LENGTH = 1024

/** The rule in a line's modifiers: `SECRET_X_VERSION=v1 # length=32 charset=hex generate=false`. */
export function secretRule(
  file: string,
  { key, line, modifiers }: DotenvEntry,
): { readonly rule: SecretRule; readonly faults: readonly Fault[] } {
  const faults: Fault[] = []
  const length = lengthOf(modifiers.get('length'))
  const generate = booleanOf(modifiers.get('generate'))
  if (length === 'bad')
    faults.push({
      file,
      line,
      key,
      text: `length=${modifiers.get('length')} must be ${LEAST_LENGTH} to ${MOST_LENGTH}`,
    })
  if (generate === null)
    faults.push({ file, line, key, text: `generate=${modifiers.get('generate')} must be true or false` })
  return {
    rule: {
      length: length === 'bad' ? null : length,
      alphabet: ALPHABETS[(modifiers.get('charset') ?? '').toLowerCase()] ?? DEFAULT,
      generate: generate ?? true,
    },
    faults,
  }
}

function lengthOf(text: string | undefined): number | null | 'bad' {
  if (text === undefined) return null
  const length = /^\d+$/.test(text) ? Number(text) : 0
  return length >= LEAST_LENGTH && length <= MOST_LENGTH ? length : 'bad'
}

/** Go's strconv.ParseBool. */
const TRUE: ReadonlySet<string> = new Set(['1', 't', 'T', 'true', 'TRUE', 'True'])
const FALSE: ReadonlySet<string> = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False'])

function booleanOf(text: string | undefined): boolean | null {
  if (text === undefined || TRUE.has(text)) return true
  return FALSE.has(text) ? false : null
}

/** abra's passphrase is six words of a list with hyphens between them; groups of random letters have that shape, and about its length. */
const GROUPS = 6
const GROUP_LENGTH = 7
const LETTERS = 'abcdefghijkmnopqrstuvwxyz'

/** A new value by its rule. Each character is drawn evenly from the kernel's randomness (randomInt, not a remainder). */
export function newSecret({ length, alphabet }: SecretRule): string {
  if (length !== null) return drawn(alphabet, length)
  return Array.from({ length: GROUPS }, () => drawn(LETTERS, GROUP_LENGTH)).join('-')
}

function drawn(alphabet: string, length: number): string {
  return Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')
}
