import { resolve } from 'node:path'
import { EXIT, messageOf } from '../errors.ts'
import { backUp } from '../store/backup.ts'
import { noteBackup } from '../store/backupNote.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'

/** `berth backup FILE`: the records as of now, while the service goes on. `docs/backup.md` has the way back. */
export function backup({ state, stdout, stderr, cwd }: Context, name: string, json: boolean): number {
  const file = resolve(cwd, name)
  const { bytes, runs } = backUp(state.database, file)
  try {
    noteBackup(state, { atMs: Date.now(), file })
  } catch (error) {
    stderr.write(`berth backup: the copy is made; that it is cannot be noted: ${messageOf(error)}\n`)
  }
  if (json) stdout.write(jsonText({ file, bytes, runs }))
  else stdout.write(`${file}: ${runs} ${runs === 1 ? 'run' : 'runs'}, ${Math.ceil(bytes / 1024)} KiB\n`)
  return EXIT.ok
}
