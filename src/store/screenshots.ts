import { constants, fstatSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, HarnessError } from '../errors.ts'
import { makeFolder, openedFile, readPart, writeSynced } from './durable.ts'
import type { RunPaths } from './runFolder.ts'

/** A picture of 1280 by 800 without any order in it has 4 MB. */
const MOST_BYTES = 8 * 1024 * 1024
/** Of a screen; a viewer would make room for what the picture says of itself. */
const MOST_PIXELS = 4096

/** PNG, 5.2 and 11.2.1 (w3.org/TR/png-3): the signature, and the first chunk with width and height. */
const SIGNATURE = Buffer.from('89504e470d0a1a0a0000000d49484452', 'hex')
const WIDTH_AT = 16
const HEIGHT_AT = 20
/** 11.2.4: the last chunk has no data. */
const END = Buffer.from('0000000049454e44ae426082', 'hex')

export interface Picture {
  readonly bytes: number
  readonly width: number
  readonly height: number
}

/**
 * Keeps a stage's picture with its run, for as long as the run's folder is kept.
 * @param from written by a user of stages: it may have become anything
 * @returns or what is wrong with it, for people
 */
export function keepScreenshot(run: Pick<RunPaths, 'folder'>, stage: string, from: string): Picture | string {
  const png = read(from)
  if (typeof png === 'string') return png
  const picture = lookAt(png)
  if (typeof picture === 'string') return picture
  makeFolder(folderOf(run))
  writeSynced(fileOf(run, stage), png)
  return picture
}

/** @returns null = the run has none of this stage */
export function readScreenshot(run: Pick<RunPaths, 'folder'>, stage: string): Buffer | null {
  const png = read(fileOf(run, stage))
  return typeof png === 'string' ? null : png
}

function lookAt(png: Buffer): Picture | string {
  if (png.length <= HEIGHT_AT + 4 || !png.subarray(0, SIGNATURE.length).equals(SIGNATURE))
    return 'what the browser has written is no picture'
  if (!png.subarray(-END.length).equals(END)) return 'the picture is torn'
  const [width, height] = [png.readUInt32BE(WIDTH_AT), png.readUInt32BE(HEIGHT_AT)]
  if (width > MOST_PIXELS || height > MOST_PIXELS) return `the picture has ${width} × ${height} pixels`
  return { bytes: png.length, width, height }
}

function read(path: string): Buffer | string {
  try {
    using file = openedFile(path, constants.O_RDONLY)
    const { size } = fstatSync(file.value)
    if (size > MOST_BYTES) return `the picture has more than ${MOST_BYTES} bytes`
    return readPart(file.value, 0, size)
  } catch (error) {
    if (error instanceof HarnessError || codeOf(error) === 'ENOENT')
      return 'the browser has written no picture'
    throw error
  }
}

function fileOf(run: Pick<RunPaths, 'folder'>, stage: string): string {
  return join(folderOf(run), `${stage}.png`)
}

function folderOf({ folder }: Pick<RunPaths, 'folder'>): string {
  return join(folder, 'screenshots')
}
