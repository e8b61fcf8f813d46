import { constants, fchmodSync, fchownSync, fstatSync, lstatSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError, messageOf } from '../errors.ts'
import type { RunAs, RunRequest } from '../model/run.ts'
import { opened, openedFile, readPart, writeAll } from '../store/durable.ts'
import { type Mask, NO_MASK } from './mask.ts'
import { makeMask } from './maskStream.ts'
import { MOST_BYTES, readSecrets, type Secret } from './operatorFolder.ts'
import { isOwn, leaveShared, makeShared, type SecretPlaces } from './places.ts'

/** A run's secrets, for the process that conducts it. */
export interface RunSecrets {
  /** What stages find as $BERTH_SECRETS; null = the recipe asks for none. */
  readonly folder: string | null
  readonly mask: Mask
  /** Before the first stage. @throws HarnessError SECRETS with one sentence for each that is not to be had */
  readonly place: () => void
  /** In a process that was started again: before it reads anything that a stage has written. What it cannot have, `restore` tells. */
  readonly learn: () => void
  /** False = a stage may have written a secret that `mask` does not hide. */
  readonly knowsAll: () => boolean
  /** An operator's secret as it is, for what berth itself hands on; null = the run has none of that name. */
  readonly given: (name: string) => Buffer | null
  /**
   * Before the teardown command: what a stage has removed is put back; a process that was started again reads them anew.
   * @returns what is not to be had; it keeps no teardown from running
   */
  readonly restore: () => readonly string[]
  /** When nothing of the run lives any more. @returns what is left, named */
  readonly remove: () => readonly string[]
}

type Asked = Pick<RunRequest, 'recipe' | 'secrets' | 'runAs'>

export function runSecrets({ recipe, secrets: grant, runAs }: Asked, places: SecretPlaces): RunSecrets {
  let known: readonly Secret[] | null = null
  let mask = NO_MASK
  let folder = places.inRunFolder
  let missing: readonly string[] = []
  return {
    get folder() {
      return folder
    },
    get mask() {
      return mask
    },
    place() {
      const { secrets, faults } = readSecrets(recipe, grant)
      if (faults.length > 0) throw new HarnessError('SECRETS', faults.join('; '))
      know(secrets)
      folder = put(secrets, places, runAs)
    },
    learn,
    knowsAll: () => grant.names.every((name) => known?.some((secret) => secret.name === name) === true),
    given: (name) => known?.find((secret) => secret.name === name)?.value ?? null,
    restore() {
      learn()
      try {
        if (!isPlaced(known ?? [], folder)) folder = put(known ?? [], places, runAs)
        return missing
      } catch (error) {
        return [...missing, messageOf(error)]
      }
    },
    remove: () => removeAll(places),
  }

  function know(secrets: readonly Secret[], older: readonly Secret[] = []): void {
    known = secrets
    mask = makeMask([...secrets, ...older].map(({ value }) => value))
  }

  function learn(): void {
    if (known !== null) return
    const { secrets, older, faults } = foundAgain(recipe, grant, places)
    missing = faults
    know(secrets, older)
  }
}

/** What the process before this one has placed may be older than what the operator has now: its logs may show either. */
function foundAgain(recipe: string, grant: Asked['secrets'], places: SecretPlaces) {
  const { secrets, faults } = readOrFault(recipe, grant)
  const placed = foldersOf(places).flatMap((path) => placedIn(path, grant.names))
  const older = placedBeside(secrets, placed)
  const gone = older.filter(({ name }) => !secrets.some((secret) => secret.name === name))
  return { secrets: [...secrets, ...uniqueByName(gone)], older, faults }
}

/** Nothing that is wrong with the operator's folder keeps a teardown from coming. */
function readOrFault(recipe: string, grant: Asked['secrets']): ReturnType<typeof readSecrets> {
  try {
    return readSecrets(recipe, grant)
  } catch (error) {
    return { secrets: [], faults: [messageOf(error)] }
  }
}

/**
 * Those that differ from what the operator has. Their files belong to the stages' user, who may have written anything there: all together are no more
 * than an operator's may be, since each byte costs many when it is looked for.
 */
function placedBeside(secrets: readonly Secret[], placed: readonly Secret[]): readonly Secret[] {
  let room = MOST_BYTES
  const seen = [...secrets]
  return placed.filter((one) => {
    const isKnown = seen.some(({ name, value }) => name === one.name && value.equals(one.value))
    if (isKnown || one.value.length > room) return false
    room -= one.value.length
    seen.push(one)
    return true
  })
}

/** Below a folder that somebody else has put there nothing is read and nothing removed: it may be a link to anywhere. */
function foldersOf({ shared, inMemory, inRunFolder }: SecretPlaces): readonly string[] {
  return inMemory === null || !isOwn(shared) ? [inRunFolder] : [inMemory, inRunFolder]
}

function uniqueByName(secrets: readonly Secret[]): readonly Secret[] {
  return [...new Map(secrets.toReversed().map((secret) => [secret.name, secret])).values()]
}

/** In memory if that can be had, else in the run's folder. @returns where */
function put(secrets: readonly Secret[], places: SecretPlaces, runAs: RunAs | null): string {
  for (let attempt = 0; places.inMemory !== null && attempt < MOST_ATTEMPTS; attempt += 1)
    if (isPut(places.inMemory, secrets, places, runAs)) return places.inMemory
  for (const folder of foldersOf(places)) rmSync(folder, { recursive: true, force: true })
  fill(places.inRunFolder, secrets, runAs)
  return places.inRunFolder
}

/** The last run that leaves takes the shared folder with it, which may be between its making and its use here. */
const MOST_ATTEMPTS = 3

/** False = somebody else's folder stands there, or the memory is full. */
function isPut(
  folder: string,
  secrets: readonly Secret[],
  places: SecretPlaces,
  runAs: RunAs | null,
): boolean {
  try {
    makeShared(places)
    fill(folder, secrets, runAs)
    return true
  } catch {
    return false
  }
}

/**
 * The folder stays berth's own: its user cannot put a link there for berth to follow. The files are the user's, and nobody else's: another
 * one may have the same group.
 */
function fill(folder: string, secrets: readonly Secret[], runAs: RunAs | null): void {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { mode: 0o700 })
  for (const { name, value } of secrets) {
    using file = opened(join(folder, name), constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL)
    writeAll(file.value, value)
    if (runAs !== null) fchownSync(file.value, runAs.uid, runAs.gid)
    fchmodSync(file.value, 0o400)
  }
  if (runAs === null) return
  using own = opened(folder, constants.O_RDONLY | constants.O_DIRECTORY)
  fchownSync(own.value, SAME_OWNER, runAs.gid)
  fchmodSync(own.value, 0o750)
}

const SAME_OWNER = -1

function isPlaced(secrets: readonly Secret[], folder: string): boolean {
  if (lstatSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return false
  const names = secrets.map(({ name }) => name)
  const placed = new Map(placedIn(folder, names).map(({ name, value }) => [name, value]))
  return secrets.every(({ name, value }) => placed.get(name)?.equals(value) === true)
}

/** No link is followed, and nothing waited for: files may have become anything. */
function placedIn(folder: string, names: readonly string[]): readonly Secret[] {
  return names.flatMap((name) => {
    try {
      using file = openedFile(join(folder, name), constants.O_RDONLY)
      const { size } = fstatSync(file.value)
      return size === 0 || size > MOST_BYTES ? [] : [{ name, value: readPart(file.value, 0, size) }]
    } catch {
      return []
    }
  })
}

function removeAll(places: SecretPlaces): readonly string[] {
  const left = foldersOf(places).flatMap(removeFolder)
  leaveShared(places)
  return left
}

/** @returns what is left, named; empty = a look shows that nothing is */
export function removeFolder(folder: string): readonly string[] {
  try {
    rmSync(folder, { recursive: true, force: true })
    if (lstatSync(folder, { throwIfNoEntry: false }) === undefined) return []
    return [`secrets: ${folder} is still there`]
  } catch (error) {
    return [`secrets: ${folder} cannot be removed (${messageOf(error)})`]
  }
}
