import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { EXIT } from '../errors.ts'
import { plainText } from '../model/plainText.ts'
import { tailReader } from '../store/logTail.ts'
import { readResult } from '../store/result.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { findRun } from '../store/runLook.ts'
import { entriesOf } from '../store/stateFolder.ts'
import type { Context } from './context.ts'

const LOOK_EVERY_MS = 200

/** `berth logs RUN [-f]`: the stages' output in order, made harmless for a terminal. */
export async function showLogs({ state, stdout }: Context, words: string, follow: boolean): Promise<number> {
  const run = findRun(state, words)
  const readers = new Map<string, () => string>()
  for (;;) {
    const over = readResult(run) !== null
    let shown = 0
    for (const piece of newPieces(run, readers)) {
      stdout.write(piece)
      shown += piece.length
    }
    if (!follow || (over && shown === 0)) return EXIT.ok
    if (shown === 0) await pause(LOOK_EVERY_MS)
  }
}

/** Piece by piece: a log that a stage has blown up fits in no memory. */
function* newPieces(run: RunPaths, readers: Map<string, () => string>): Generator<string> {
  for (const name of entriesOf(run.stages)) {
    let read = readers.get(name)
    if (read === undefined) {
      read = tailReader(join(run.stages, name))
      readers.set(name, read)
      yield `== ${plainText(name).replace(/\.log$/, '')}\n`
    }
    for (let piece = read(); piece !== ''; piece = read()) yield plainText(piece)
  }
}
