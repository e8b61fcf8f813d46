import { writeSync } from 'node:fs'
import { codeOf } from '../errors.ts'

/** A reader that is slower than we write is waited for this long; then lines are lost until it reads again. */
const MOST_WAIT_MS = 1_000
const PAUSE_MS = 10

export interface LineOutput {
  readonly write: (line: string) => void
}

/**
 * Writes lines to a descriptor, at once and in order. What cannot be written is lost, and nothing else comes of it: a full disk, a terminal that is
 * gone, or a reader that has died must not keep a service from its work, nor from its end.
 */
export function lineOutput(fd: number): LineOutput {
  let [isTorn, mostMs] = [false, MOST_WAIT_MS]
  return {
    write(line) {
      const bytes = Buffer.from(isTorn ? `\n${line}` : line)
      const written = writeAll(fd, bytes, mostMs)
      if (written > 0) isTorn = written < bytes.length
      mostMs = written === bytes.length ? MOST_WAIT_MS : 0
    },
  }
}

/** @returns how many bytes were written */
function writeAll(fd: number, bytes: Buffer, mostMs: number): number {
  let [written, waitedMs] = [0, 0]
  while (written < bytes.length) {
    try {
      written += writeSync(fd, bytes, written)
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN' || waitedMs >= mostMs) return written
      waitedMs += PAUSE_MS
      Atomics.wait(NOTHING, 0, 0, PAUSE_MS)
    }
  }
  return written
}

/** Nobody ever wakes who waits here: it is a pause. */
const NOTHING = new Int32Array(new SharedArrayBuffer(4))
