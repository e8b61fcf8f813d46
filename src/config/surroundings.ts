import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { homedir, hostname } from 'node:os'
import { dirname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { codeOf, InputError } from '../errors.ts'
import type { UserFacts } from './users.ts'

/** Where a process stands: what it was given, and whose machine this is. */
export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  /** The folder of the machine's own files (`passwd`, `group`, `machine-id`, `berth/berth.yml`). */
  readonly etc: string
  readonly uid: number
}

/** What this project ships: examples, unless a configuration enrols them. */
export const SHIPPED_RECIPES = fileURLToPath(new URL('../../recipes', import.meta.url))
const INSTANCE_CHARACTERS = 12

/** The configuration file and its text: BERTH_CONFIG, `berth.yml` here, `/etc/berth/berth.yml`; null = none, defaults hold. */
export function findConfigFile({
  env,
  cwd,
  etc,
}: Surroundings): { readonly file: string; readonly text: string } | null {
  const named = env['BERTH_CONFIG']
  if (named) {
    const file = resolve(cwd, named)
    const text = readText(file)
    if (text !== null) return { file, text }
    throw new InputError('BERTH_CONFIG', [
      `${file}: there is no such file; correct the path or unset BERTH_CONFIG`,
    ])
  }
  for (const file of [resolve(cwd, 'berth.yml'), join(etc, 'berth/berth.yml')]) {
    const text = readText(file)
    if (text !== null) return { file, text }
  }
  return null
}

/** BERTH_STATE_DIR, else the file's, else the place that the system has for it (XDG base directories: relative ones are ignored). */
export function stateDirOf(
  fromFile: string | undefined,
  file: string | null,
  { env, cwd, uid }: Surroundings,
): string {
  if (env['BERTH_STATE_DIR']) return resolve(cwd, env['BERTH_STATE_DIR'])
  if (fromFile !== undefined) return besideFile(fromFile, file, cwd)
  if (uid === 0) return '/var/lib/berth'
  const home = env['HOME'] || homedir()
  const xdg = env['XDG_STATE_HOME']
  return xdg && isAbsolute(xdg) ? join(xdg, 'berth') : join(home, '.local/state/berth')
}

/** The file's, else `recipes` beside the file, else what this project ships. */
export function recipesDirOf(fromFile: string | undefined, file: string | null, cwd: string): string {
  if (fromFile !== undefined) return besideFile(fromFile, file, cwd)
  if (file === null) return SHIPPED_RECIPES
  const beside = join(dirname(file), 'recipes')
  return existsSync(beside) ? beside : SHIPPED_RECIPES
}

/** The file's, else `secrets` beside the file; null = there is none. */
export function secretsDirOf(fromFile: string | undefined, file: string | null, cwd: string): string | null {
  if (fromFile !== undefined) return besideFile(fromFile, file, cwd)
  if (file === null) return null
  const beside = join(dirname(file), 'secrets')
  return existsSync(beside) ? beside : null
}

/** Tells two harnesses on one engine apart, and stays the same over restarts: machine and state folder make it. */
export function defaultInstance(stateDir: string, etc: string): string {
  const machine = readText(join(etc, 'machine-id'))?.trim() || hostname()
  return createHash('sha256').update(`${machine}\n${stateDir}`).digest('hex').slice(0, INSTANCE_CHARACTERS)
}

export function userFacts({ etc, uid }: Surroundings): UserFacts {
  return {
    passwd: readText(join(etc, 'passwd')) ?? '',
    group: readText(join(etc, 'group')) ?? '',
    ownUid: uid,
  }
}

export function besideFile(path: string, file: string | null, cwd: string): string {
  return resolve(file === null ? cwd : dirname(file), path)
}

/** A file that is there and cannot be read is a fault, never taken for a missing one. */
function readText(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return null
    throw new InputError('Configuration', [`${file}: cannot be read; give this user the right to read it`], {
      cause: error,
    })
  }
}
