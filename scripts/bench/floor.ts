import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { messageOf } from '../../src/errors.ts'

const SOURCE = fileURLToPath(new URL('lock.c', import.meta.url))

/** The same system calls in C: what no language can be faster than. */
export interface Floor {
  /** Nanoseconds of one acquire and release. */
  readonly turn: (path: string, turns: number) => number
  /** Milliseconds of one sweep that removes what nobody has, and how many files that were. */
  readonly sweep: (folder: string) => { readonly ms: number; readonly removed: number }
}

/** @throws Error naming what is missing: a C compiler */
export function buildFloor(folder: string): Floor {
  const program = join(folder, 'floor')
  try {
    execFileSync('cc', ['-O2', '-o', program, SOURCE], { stdio: 'pipe' })
  } catch (error) {
    const text = 'the floor in C needs a compiler (apt-get install gcc libc6-dev)'
    throw new Error(`${text}: ${messageOf(error)}`, { cause: error })
  }
  const output = (...words: readonly string[]) => execFileSync(program, words, { encoding: 'utf8' }).trim()
  return {
    turn: (path, turns) => Number(output('turns', path, String(turns))),
    sweep(swept) {
      const [nanoseconds, removed] = output('sweep', swept).split(' ').map(Number)
      return { ms: (nanoseconds ?? Number.NaN) / 1e6, removed: removed ?? 0 }
    },
  }
}
