import { posix } from 'node:path'
import type { Dotenv } from './dotenv.ts'
import type { Fault } from './fault.ts'
import type { Values } from './interpolate.ts'

export const DEFAULT_COMPOSE_FILE = 'compose.yml'

const MOST_FILES = 100

/**
 * The files that COMPOSE_FILE selects, below the checkout, in their order; one that is named twice counts once. Without it: compose.yml (abra, pkg/recipe).
 * @param place where it is set
 */
export function composeFiles(
  values: Values,
  place: Omit<Fault, 'text'>,
): { readonly files: readonly string[]; readonly faults: readonly Fault[] } {
  const wanted = values.get('COMPOSE_FILE') ?? ''
  if (wanted === '') return { files: [DEFAULT_COMPOSE_FILE], faults: [] }
  const parts = wanted.split(':').map((part) => part.trim())
  if (parts.length > MOST_FILES)
    return {
      files: [],
      faults: [{ ...place, text: `it names ${parts.length} files; at most ${MOST_FILES} are read` }],
    }
  return {
    files: [
      ...new Set(parts.filter((part) => nameFault(part) === null).map((part) => posix.normalize(part))),
    ],
    faults: parts.flatMap((part) => {
      const text = nameFault(part)
      return text === null ? [] : [{ ...place, text: `${text} (it says ${wanted})` }]
    }),
  }
}

function nameFault(part: string): string | null {
  if (part === '')
    return 'a file name between two colons is missing; the first line that sets it names compose.yml, later ones begin with $COMPOSE_FILE:'
  const path = posix.normalize(part)
  if (posix.isAbsolute(path) || path === '..' || path.startsWith('../') || path.includes('\0'))
    return `${part} is outside the repository; name files of the repository`
  return null
}

/** Where COMPOSE_FILE is set: by the operator, or in the sample's last line that does. */
export function composeFilePlace(sample: Dotenv, env: Readonly<Record<string, string>>): Omit<Fault, 'text'> {
  if (env['COMPOSE_FILE'] !== undefined) return { file: 'recipe.yml', line: 1, key: 'stack.env.COMPOSE_FILE' }
  const line = sample.entries.findLast(({ key }) => key === 'COMPOSE_FILE')?.line ?? 1
  return { file: sample.file, line, key: 'COMPOSE_FILE' }
}
