import { closeSync, readSync } from 'node:fs'
import type { Containment } from '../model/journal.ts'
import { CANNOT_JOIN } from './cgroup.ts'

export interface Pipe {
  readonly readFd: number
  readonly writeFd: number
}

/** What hears of a command that could not join its part. */
export interface Joining extends Disposable {
  /** For the command, after its output; none where there is nothing to join. */
  readonly writeFds: readonly number[]
  readonly isHandedOver: () => void
  /** Asked when the command has ended, with its exit code. */
  readonly hasFailed: (exitCode: number | null) => boolean
}

const JOINS_NOTHING: Joining = {
  writeFds: [],
  isHandedOver: () => undefined,
  hasFailed: () => false,
  [Symbol.dispose]: () => undefined,
}

/** A command's own 125 is told from that of the shell that was to join by a byte in a pipe, which the command itself never has. */
export function openJoining(part: Containment, makePipe: () => Pipe): Joining {
  if (part.kind !== 'cgroup') return JOINS_NOTHING
  const { readFd, writeFd } = makePipe()
  return {
    writeFds: [writeFd],
    isHandedOver: () => closeSync(writeFd),
    // Nobody can have the other end any more: the read ends at once.
    hasFailed: (exitCode) => exitCode === CANNOT_JOIN && readSync(readFd, Buffer.alloc(1)) > 0,
    [Symbol.dispose]: () => closeSync(readFd),
  }
}
