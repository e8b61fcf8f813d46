import { createHash } from 'node:crypto'
import { chmodSync, lstatSync, mkdirSync, realpathSync, rmdirSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf, HarnessError } from '../errors.ts'
import type { RunPaths } from '../store/runFolder.ts'
import type { StatePaths } from '../store/stateFolder.ts'

/** Where the secrets of one run may lie. */
export interface SecretPlaces {
  /** Below a folder of berth's own on a filesystem that is in memory alone; null = the machine has none for all users. */
  readonly inMemory: string | null
  readonly inRunFolder: string
  /** The folder of berth's own. */
  readonly shared: string | null
}

/** Every Linux has it for shared memory (shm_overview(7)). $XDG_RUNTIME_DIR is one user's, and goes when that one logs out. */
const MEMORY = '/dev/shm'
/** statfs(2) types of filesystems that no power cut leaves anything of. */
const IN_MEMORY: ReadonlySet<number> = new Set([0x01021994, 0x858458f6])
const HASH_CHARACTERS = 16

export function secretPlaces(state: Pick<StatePaths, 'root'>, run: RunPaths, memory = MEMORY): SecretPlaces {
  const shared = sharedFolder(state, memory)
  return {
    shared,
    inMemory: shared === null ? null : join(shared, run.id),
    inRunFolder: join(run.folder, 'secrets'),
  }
}

/** One for each state folder and user: whoever recovers or sweeps finds it by them alone. */
export function sharedFolder({ root }: Pick<StatePaths, 'root'>, memory = MEMORY): string | null {
  if (!isInMemory(memory)) return null
  const hash = createHash('sha256').update(realpathSync(root)).digest('hex').slice(0, HASH_CHARACTERS)
  return join(memory, `berth-${String(process.geteuid?.())}-${hash}`)
}

/** What a run has generated, beside the folder that its stages read. */
export function generatedIn(folder: string, run: string): string {
  return join(folder, `${run}${GENERATED}`)
}

export const GENERATED = '.generated'

function isInMemory(path: string): boolean {
  try {
    return IN_MEMORY.has(Number(statfsSync(path).type))
  } catch {
    return false
  }
}

/** Anybody may make names there: what stands at ours and is not ours is left alone. @throws HarnessError SECRETS */
export function makeShared({ shared }: SecretPlaces): void {
  if (shared === null) return
  try {
    mkdirSync(shared, { mode: 0o700 })
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
  }
  if (!isOwn(shared)) throw new HarnessError('SECRETS', `${shared} is not a folder of berth's own`)
  chmodSync(shared, 0o711)
}

/** The last one out removes it; it stays for as long as it has anything. */
export function leaveShared({ shared }: Pick<SecretPlaces, 'shared'>): void {
  if (shared === null) return
  try {
    rmdirSync(shared)
  } catch {
    return
  }
}

/** A folder of this user's, in a place where nobody else can take it away (sticky, as /tmp is). */
export function isOwn(folder: string | null): boolean {
  const stat = folder === null ? undefined : lstatSync(folder, { throwIfNoEntry: false })
  return stat?.isDirectory() === true && stat.uid === process.geteuid?.()
}
