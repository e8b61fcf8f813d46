import { chmodSync, existsSync, readdirSync, statfsSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { codeOf, EXIT, HarnessError } from '../errors.ts'
import { isResource, type Name } from '../model/names.ts'
import { makeFolder } from './durable.ts'

/** Where everything lies (design section 3). The one place that knows the paths. */
export interface StatePaths {
  readonly root: string
  readonly database: string
  readonly serveLock: string
  readonly janitorLock: string
  readonly locks: string
  readonly tickets: string
  readonly open: string
  readonly holds: string
  readonly alarms: string
  readonly runs: string
  readonly mirrors: string
  /** What runs have pulled, an entry an image. */
  readonly images: string
  readonly audit: string
  readonly sweeps: string
  /** Which copy of the records was made last. */
  readonly lastBackup: string
  readonly compileCache: string
}

export function statePaths(root: string): StatePaths {
  return {
    root,
    database: join(root, 'berth.db'),
    serveLock: join(root, 'serve.lock'),
    janitorLock: join(root, 'janitor.lock'),
    locks: join(root, 'locks'),
    tickets: join(root, 'tickets'),
    open: join(root, 'open'),
    holds: join(root, 'holds'),
    alarms: join(root, 'alarms'),
    runs: join(root, 'runs'),
    mirrors: join(root, 'mirrors'),
    images: join(root, 'images'),
    audit: join(root, 'audit.ndjson'),
    sweeps: join(root, 'sweeps.ndjson'),
    lastBackup: join(root, 'backup.json'),
    compileCache: join(root, 'compile-cache'),
  }
}

/** Resources live in a folder of their own: `r:` can be no domain's name. */
const RESOURCES = 'r:'

/** A name as the part of a path below `locks/` or `tickets/`. */
export function pathOfName(name: Name): string {
  return isResource(name) ? join(RESOURCES, name.slice(RESOURCES.length)) : name
}

export function lockPath(paths: StatePaths, name: Name): string {
  return join(paths.locks, `${pathOfName(name)}.lock`)
}

/** Names that have a lock file. Dot names are no locks. */
export function namesWithLockFile(paths: StatePaths): readonly Name[] {
  const domains = lockFilesIn(paths.locks)
  const resources = lockFilesIn(join(paths.locks, RESOURCES)).map((word) => `${RESOURCES}${word}`)
  return [...domains, ...resources].sort()
}

function lockFilesIn(folder: string): readonly string[] {
  return entriesOf(folder)
    .filter((entry) => entry.endsWith('.lock') && !entry.startsWith('.'))
    .map((entry) => entry.slice(0, -'.lock'.length))
}

/** The entries of a folder, sorted; none where the folder is missing. */
export function entriesOf(folder: string): readonly string[] {
  // An exception for what is mostly missing takes longer than all the rest of a look at a lock.
  if (!existsSync(folder)) return []
  try {
    return readdirSync(folder).sort()
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return []
    throw error
  }
}

/** statfs(2) types on which flock is not, or not surely, exclusive between all who can write there. */
const REFUSED: ReadonlyMap<number, string> = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'CIFS'],
  [0xfe534d42, 'SMB2'],
  [0x517b, 'SMB'],
  [0x65735546, 'FUSE'],
  [0x01021997, '9P'],
  [0x5346414f, 'AFS'],
  [0x00c36400, 'Ceph'],
])

/**
 * Makes what is missing of the state folder and refuses a network filesystem by name. The root is 0711 so that a stage's user
 * can reach its own checkout; its parts are 0700.
 * @throws HarnessError STATE_FOLDER naming the folder and what to do
 */
export function openStateFolder(root: string): StatePaths {
  const paths = statePaths(root)
  try {
    refuseNetwork(root)
    makePassable(root)
    const { locks, tickets, open, holds, alarms, runs, mirrors, compileCache } = paths
    const resourceFolders = [join(locks, RESOURCES), join(tickets, RESOURCES)]
    for (const folder of [locks, tickets, open, holds, alarms, mirrors, compileCache, ...resourceFolders])
      makeFolder(folder)
    makePassable(runs)
    return paths
  } catch (error) {
    if (error instanceof HarnessError) throw error
    throw new HarnessError('STATE_FOLDER', `State folder ${root} cannot be used`, { cause: error })
  }
}

/** Whatever the umask is. One that is so already may stand on a disk that takes nothing: looking needs no more. */
function makePassable(folder: string): void {
  makeFolder(folder)
  if ((statSync(folder).mode & 0o777) !== 0o711) chmodSync(folder, 0o711)
}

function refuseNetwork(root: string): void {
  const refused = refusedFilesystem(root)
  if (refused === null) return
  const text = `State folder ${root} is on ${refused}, where a file lock does not surely exclude; put it on a local disk`
  throw new HarnessError('STATE_FOLDER', text, { exitCode: EXIT.badInput })
}

/** The name of the refused filesystem that the path is on, or will be on once it is made; or null. */
export function refusedFilesystem(path: string): string | null {
  if (!existsSync(path)) return refusedFilesystem(dirname(path))
  return REFUSED.get(Number(statfsSync(path).type)) ?? null
}
