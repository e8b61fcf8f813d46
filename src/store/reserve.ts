import { lstatSync, truncateSync } from 'node:fs'
import { codeOf } from '../errors.ts'

/** Kept for the lines of teardown and the result, for when the disk is full. */
export const RESERVE_BYTES = 256 * 1024

/** A stage that fills the disk takes at once what is given up: so little that something is left for the lines after its end. */
const PIECE_BYTES = 16 * 1024

/** Gives one more piece of the reserve back to the disk; false = there is no more than is to be left. */
export function giveUpPiece(reserve: string, leftBytes = 0): boolean {
  try {
    const stat = lstatSync(reserve)
    const has = stat.isFile() && stat.size > leftBytes
    if (has) truncateSync(reserve, Math.max(0, stat.size - PIECE_BYTES))
    return has
  } catch {
    return false
  }
}

const FULL: ReadonlySet<string | null> = new Set(['ENOSPC', 'EDQUOT'])

/**
 * Writes; where the disk is full, with as much of the run's reserve given up as that takes, up to half of it: what is still filling the disk may take
 * all that is given up, and the lines of teardown come later. @throws what `write` throws
 */
export function writeFromReserve<T>(reserve: string, write: () => T): T {
  for (;;) {
    try {
      return write()
    } catch (error) {
      if (!FULL.has(codeOf(error)) || !giveUpPiece(reserve, RESERVE_BYTES / 2)) throw error
    }
  }
}
