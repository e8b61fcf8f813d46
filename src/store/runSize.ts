import { basename } from 'node:path'
import { readIfThere } from './durable.ts'
import { treeBytes, writeIn } from './folderTree.ts'
import type { RunPaths } from './runFolder.ts'

/** What the folder of a run that is over takes of the disk, as it was once measured; null = nobody has. */
export function knownSize(run: RunPaths): number | null {
  try {
    const text = readIfThere(run.size) ?? ''
    return /^\d{1,15}\n$/.test(text) ? Number(text) : null
  } catch {
    return null
  }
}

/** Measures it. A tree of many files takes long: what is found is kept beside it, for nothing is added to the folder any more. */
export function measureSize(run: RunPaths, keep: boolean): number {
  const bytes = Math.round(treeBytes(run.folder))
  if (keep) keepSize(run, bytes)
  return bytes
}

/** Without it the folder is measured again, that is all. */
function keepSize(run: RunPaths, bytes: number): void {
  try {
    writeIn(run.folder, basename(run.size), `${bytes}\n`)
  } catch {
    return
  }
}
