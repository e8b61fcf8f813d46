import { constants, fstatSync, lstatSync } from 'node:fs'
import { join } from 'node:path'
import { openedFile, readPart, writeAll } from '../store/durable.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { bothMasks, NO_MASK } from './mask.ts'
import { makeMask } from './maskStream.ts'
import { generatedIn, isOwn, makeShared, type SecretPlaces } from './places.ts'
import { type RunSecrets, removeFolder } from './runSecrets.ts'

/** The secrets of a run that generates some of its own: passwords of a database that it deploys, say. */
export interface StackSecrets extends RunSecrets {
  /**
   * Hides a value from now on, also in what a process writes that recovers the run. Before anybody else has the value.
   * @throws where it cannot be written down
   */
  readonly hide: (value: string) => void
  /** When nothing that may show one of them is left. @returns what is left, named */
  readonly forget: () => readonly string[]
}

/** Of all values together; more is none of ours. */
const MOST_BYTES = 64 * 1024

/**
 * The values lie in memory, as the operator's secrets do, and where no stage's user can read them. A reboot loses them, while the engine may still
 * have logs that show them: how many there have been is on disk, so that `knowsAll` tells.
 */
export function withGenerated(given: RunSecrets, places: SecretPlaces, run: RunPaths): StackSecrets {
  const files = filesOf(places, run)
  const count = join(run.folder, 'generated')
  let values: readonly string[] = []
  let mask = NO_MASK
  return {
    get folder() {
      return given.folder
    },
    get mask() {
      return bothMasks(given.mask, mask)
    },
    place: given.place,
    learn() {
      given.learn()
      know([...values, ...linesOf(files.onDisk), ...(isOwn(places.shared) ? linesOf(files.inMemory) : [])])
    },
    knowsAll: () => given.knowsAll() && values.length >= sizeOf(count),
    given: given.given,
    restore: given.restore,
    remove: given.remove,
    hide(value) {
      append(count, '.')
      keep(value, places, files)
      know([...values, value])
    },
    forget: () => [files.onDisk, ...(isOwn(places.shared) ? [files.inMemory] : [])].flatMap(removeFolder),
  }

  function know(all: readonly string[]): void {
    values = [...new Set(all)]
    mask = makeMask(values.map((value) => Buffer.from(value)))
  }
}

interface Files {
  readonly inMemory: string
  readonly onDisk: string
}

function filesOf({ shared }: SecretPlaces, { id, folder }: RunPaths): Files {
  return { inMemory: generatedIn(shared ?? folder, id), onDisk: join(folder, 'generated-secrets') }
}

/** In memory if that can be had, else in the run's folder. */
function keep(value: string, places: SecretPlaces, { inMemory, onDisk }: Files): void {
  const line = `${JSON.stringify(value)}\n`
  try {
    makeShared(places)
    append(places.shared === null ? onDisk : inMemory, line)
  } catch {
    append(onDisk, line)
  }
}

function append(path: string, text: string): void {
  using file = openedFile(path, constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND)
  writeAll(file.value, text)
}

/** A last line that a kill has torn was of a value that nobody has had. */
function linesOf(path: string): readonly string[] {
  if (sizeOf(path) === 0) return []
  using file = openedFile(path, constants.O_RDONLY)
  const bytes = readPart(file.value, 0, Math.min(MOST_BYTES, fstatSync(file.value).size))
  return bytes.toString('utf8').split('\n').slice(0, -1).map(valueOf)
}

function valueOf(line: string): string {
  const value: unknown = JSON.parse(line)
  if (typeof value !== 'string') throw new TypeError('a generated secret is no text')
  return value
}

function sizeOf(path: string): number {
  return lstatSync(path, { throwIfNoEntry: false })?.size ?? 0
}
