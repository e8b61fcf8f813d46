import { readIfThere, replaceFile } from './durable.ts'
import type { StatePaths } from './stateFolder.ts'

/** So many are kept: the newest. */
const MOST_SWEEPS = 20

/** Adds a sweep, as whoever swept tells it; only under the janitor's lock, since the file is written anew. */
export function noteSweep(paths: StatePaths, sweep: object): void {
  const lines = [...linesIn(paths).slice(1 - MOST_SWEEPS), JSON.stringify(sweep)]
  replaceFile(paths.sweeps, lines.map((line) => `${line}\n`).join(''))
}

/** The last sweeps, oldest first, as they were noted; whoever shows them checks what they say. A line that is no JSON is passed over. */
export function lastSweeps(paths: StatePaths): readonly unknown[] {
  return linesIn(paths).flatMap((line) => {
    try {
      return [JSON.parse(line)]
    } catch {
      return []
    }
  })
}

function linesIn(paths: StatePaths): readonly string[] {
  return (readIfThere(paths.sweeps) ?? '').split('\n').filter((line) => line !== '')
}
