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
  readonly what: string
}

const JOINS_NOTHING: Joining = {
  writeFds: [],
  isHandedOver: () => undefined,
  hasFailed: () => false,
  what: 'nothing',
  [Symbol.dispose]: () => undefined,
}

/**
 * Who joins a cgroup says by a byte in a pipe that it cannot, so that a command's own 125 is told from that; who enters a namespace is
 * led there by another program, and says that it has. The command itself never has the pipe.
 */
export function openJoining(part: Containment, makePipe: () => Pipe): Joining {
  if (part.kind === 'sweep') return JOINS_NOTHING
  const { readFd, writeFd } = makePipe()
  // Nobody can have the other end any more: the read ends at once.
  const hasSaid = () => readSync(readFd, Buffer.alloc(1)) > 0
  const isCgroup = part.kind === 'cgroup'
  return {
    writeFds: [writeFd],
    isHandedOver: () => closeSync(writeFd),
    hasFailed: (exitCode) =>
      isCgroup ? exitCode === CANNOT_JOIN && hasSaid() : exitCode !== null && exitCode !== 0 && !hasSaid(),
    what: isCgroup ? 'cgroup' : 'PID namespace',
    [Symbol.dispose]: () => closeSync(readFd),
  }
}
