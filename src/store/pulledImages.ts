import { createHash } from 'node:crypto'
import { statSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'
import { createOnce, makeFolder, readIfThere, removeIfThere } from './durable.ts'
import { entriesOf } from './stateFolder.ts'

/** An image that a run had to pull: nobody else had asked for it by then. */
export interface PulledImage {
  readonly image: string
  /** Wall clock, milliseconds: when a run last asked for it. */
  readonly lastUsedAt: number
}

/** Written before the engine is asked to pull: what is pulled for a client that died meanwhile is known, too. @param folder `images` of the state folder */
export function notePull(folder: string, image: string): void {
  makeFolder(folder)
  createOnce(pathOf(folder, image), image)
  noteUse(folder, image)
}

/** A run wants it; nothing where it was there before any run asked for it. */
export function noteUse(folder: string, image: string): void {
  const now = new Date()
  try {
    utimesSync(pathOf(folder, image), now, now)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

/** It is not there any more, or never came. */
export function forgetPull(folder: string, image: string): void {
  removeIfThere(pathOf(folder, image))
}

export function pulledImages(folder: string): readonly PulledImage[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry)
    const image = readIfThere(path)
    const lastUsedAt = statSync(path, { throwIfNoEntry: false })?.mtimeMs
    return image === null || lastUsedAt === undefined || path !== pathOf(folder, image)
      ? []
      : [{ image, lastUsedAt }]
  })
}

/** Names of images have slashes, and may be longer than those of files. */
function pathOf(folder: string, image: string): string {
  return join(folder, createHash('sha256').update(image).digest('hex'))
}
