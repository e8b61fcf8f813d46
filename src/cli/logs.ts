import { closeSync, openSync, readSync } from 'node:fs'
import { join } from 'node:path'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as pause } from 'node:timers/promises'
import { EXIT } from '../errors.ts'
import { plainText } from '../model/plainText.ts'
import { readResult } from '../store/result.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { findRun } from '../store/runLook.ts'
import { entriesOf } from '../store/stateFolder.ts'
import type { Context } from './context.ts'

const CHUNK_BYTES = 64 * 1024
const LOOK_EVERY_MS = 200

/** `berth logs RUN [-f]`: the stages' output in order, made harmless for a terminal. */
export async function showLogs({ state, stdout }: Context, words: string, follow: boolean): Promise<number> {
  const run = findRun(state, words)
  const readers = new Map<string, () => string>()
  for (;;) {
    const over = readResult(run) !== null
    const text = newText(run, readers)
    stdout.write(text)
    if (!follow || (over && text === '')) return EXIT.ok
    if (text === '') await pause(LOOK_EVERY_MS)
  }
}

function newText(run: RunPaths, readers: Map<string, () => string>): string {
  const parts: string[] = []
  for (const name of entriesOf(run.stages)) {
    const reader = readers.get(name)
    const more = reader ?? tailReader(join(run.stages, name))
    if (reader === undefined) {
      readers.set(name, more)
      parts.push(`== ${name.replace(/\.log$/, '')}\n`)
    }
    parts.push(plainText(more()))
  }
  return parts.join('')
}

/** Each call returns what has been added since the last one; characters are never cut. */
function tailReader(path: string): () => string {
  const decoder = new StringDecoder('utf8')
  let position = 0
  return () => {
    const fd = openSync(path, 'r')
    try {
      let text = ''
      for (;;) {
        const bytes = Buffer.alloc(CHUNK_BYTES)
        const length = readSync(fd, bytes, 0, CHUNK_BYTES, position)
        if (length === 0) return text
        position += length
        text += decoder.write(bytes.subarray(0, length))
      }
    } finally {
      closeSync(fd)
    }
  }
}
