import { closeSync, constants, readSync, writeSync } from 'node:fs'
import { Socket } from 'node:net'
import { codeOf } from '../errors.ts'
import { type Mask, NO_MASK } from '../secrets/mask.ts'
import { openFile } from '../store/durable.ts'

/** What is kept of a stage's output: so much from its start, and so much from its end. */
const HEAD_BYTES = 8 * 1024 * 1024
const TAIL_BYTES = 1024 * 1024
const CHUNK_BYTES = 64 * 1024
/** The most that a pipe holds (pipe(7), /proc/sys/fs/pipe-max-size): a daemon that writes faster than we read must not keep us for ever. */
const MOST_DRAINED_BYTES = 1024 * 1024

/** Where a stage's output goes. */
export interface LogSink {
  /** Puts all that has been said so far into the file; later output (a daemon of the stage holds the pipe) goes on being written. */
  readonly drain: () => void
  /** Adds a line of the harness's own. */
  readonly say: (line: string) => void
  /** Adds output that does not come through the pipe. */
  readonly write: (chunk: Buffer) => void
  readonly close: () => void
}

/** Reads the pipe into the file, without the secrets of `mask`, until it ends or is closed. Appends: a second teardown's output stands below the first one's. */
export function openLogSink(path: string, pipeFd: number, mask = NO_MASK): LogSink {
  const fd = openLog(path)
  const file = masked(cutFile(fd), mask)
  const pipe = new Socket({ fd: pipeFd, readable: true, writable: false })
  pipe.on('data', (chunk: Buffer) => file.write(chunk))
  pipe.on('error', () => undefined)
  pipe.unref()
  return {
    drain() {
      drainPipe(pipeFd, pipe, file.write)
      file.flush()
    },
    say: (line) => file.say(Buffer.from(`${line}\n`)),
    write: file.write,
    close() {
      pipe.destroy()
      file.flush()
      if (fd !== NO_FILE) closeSync(fd)
    },
  }
}

/** Secrets are hidden before anything is kept, cut or written: no file ever has one. */
function masked(file: CutFile, mask: Mask): CutFile & { readonly say: CutFile['write'] } {
  const stream = mask.stream()
  return {
    write: (chunk) => file.write(stream.write(chunk)),
    say: file.write,
    flush() {
      file.write(stream.flush())
      file.flush()
    },
  }
}

const NO_FILE = -1

/** Without a file (a full disk, no descriptors, an earlier stage's FIFO in its place) the output is read all the same, and lost. */
function openLog(path: string): number {
  try {
    return openFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND)
  } catch {
    return NO_FILE
  }
}

export interface CutFile {
  readonly write: (chunk: Buffer) => void
  /** Writes the tail that was kept back, and what was cut before it. */
  readonly flush: () => void
}

/** A flood is cut in the middle and the cut is named: the start tells what was tried, the end how it went wrong. */
export function cutFile(fd: number): CutFile {
  let room = HEAD_BYTES
  // A ring, once there is something to keep: a flood in single bytes takes no more than its bytes.
  let tail: Buffer | null = null
  let [end, kept, dropped] = [0, 0, 0]

  function keep(bytes: Buffer): void {
    tail ??= Buffer.alloc(TAIL_BYTES)
    const last = bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES))
    const first = Math.min(last.length, TAIL_BYTES - end)
    last.copy(tail, end, 0, first)
    last.copy(tail, 0, first)
    end = (end + last.length) % TAIL_BYTES
    const all = kept + bytes.length
    kept = Math.min(TAIL_BYTES, kept + last.length)
    dropped += all - kept
  }

  return {
    write(chunk) {
      const head = chunk.subarray(0, room)
      room -= head.length
      if (head.length > 0) tryWrite(fd, head)
      if (head.length === chunk.length) return
      keep(chunk.subarray(head.length))
    },
    flush() {
      if (dropped > 0) tryWrite(fd, Buffer.from(`\n[berth: ${dropped} bytes of output were cut here]\n`))
      if (tail === null) return
      const start = (end - kept + TAIL_BYTES) % TAIL_BYTES
      const first = Math.min(kept, TAIL_BYTES - start)
      if (first > 0) tryWrite(fd, tail.subarray(start, start + first))
      if (kept > first) tryWrite(fd, tail.subarray(0, kept - first))
      tail = null
      end = kept = dropped = 0
    },
  }
}

/** The reader is non-blocking (libuv made it so): EAGAIN says that nothing is left for now. */
function drainPipe(pipeFd: number, pipe: Socket, write: (chunk: Buffer) => void): void {
  if (pipe.destroyed || pipe.readableEnded) return
  for (let drained = 0; drained < MOST_DRAINED_BYTES; ) {
    const chunk = Buffer.alloc(CHUNK_BYTES)
    try {
      const length = readSync(pipeFd, chunk)
      if (length === 0) return
      drained += length
      write(chunk.subarray(0, length))
    } catch (error) {
      if (codeOf(error) === 'EAGAIN' || codeOf(error) === 'EBADF') return
      throw error
    }
  }
}

/** A full disk costs output, never the run: its stages, and teardown most of all, go on. */
function tryWrite(fd: number, bytes: Buffer): void {
  try {
    writeSync(fd, bytes)
  } catch {
    return
  }
}
