import type { RunPlace } from '../../model/ports.ts'
import { isRunId } from '../../store/runId.ts'

/** A place in the list of runs as a word that nobody has to understand. */
export function cursorOf({ enqueuedAtMs, id }: RunPlace): string {
  return Buffer.from(`${enqueuedAtMs}.${id}`).toString('base64url')
}

/** Null = it is none of ours. */
export function readCursor(text: string): RunPlace | null {
  const [, at = '', id = ''] = /^(\d{1,15})\.(.+)$/.exec(Buffer.from(text, 'base64url').toString()) ?? []
  return isRunId(id) ? { enqueuedAtMs: Number(at), id } : null
}
