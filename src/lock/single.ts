import { ftruncateSync, writeSync } from 'node:fs'
import { readIfThere } from '../store/durable.ts'
import { lockExclusively } from './lockFile.ts'

/**
 * Makes this process the only one of its kind on the state folder, until it ends.
 * @returns null, or who is it already (`janitor, process 123`)
 */
export function lockAlone(path: string, what: string): string | null {
  const fd = lockExclusively(path)
  if (fd === null) return (readIfThere(path) ?? '').trim()
  say(fd, Buffer.from(`${what}, process ${process.pid}\n`))
  return null
}

/** The line is for people only: a full disk keeps nobody from making room on it. */
function say(fd: number, line: Buffer): void {
  try {
    ftruncateSync(fd, 0)
    writeSync(fd, line, 0, line.length, 0)
  } catch {
    return
  }
}
