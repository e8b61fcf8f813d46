import { chmodSync, writeFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { copyInside } from '../../store/copyInside.ts'
import { makeFolder } from '../../store/durable.ts'
import { readInside } from '../../store/insideFolder.ts'

/** Where a copy is, or why there is none. */
export type Copied = { readonly path: string } | { readonly fault: string }

/**
 * A private folder that stands for the checkout: each file that counts is read once, through a safely opened descriptor, and copied to where it has the
 * same name. From then on only the copies are read, so it does not matter what happens in the checkout; and of what was not looked at there is none.
 */
export interface Copies {
  readonly folder: string
  readonly copy: (name: string, mostBytes: number) => Copied
  /** Of a file or folder that is mounted, at a place of its own: links in it lead to no other copy. */
  readonly copyTree: (name: string) => Copied
  /** Puts a file of ours among them. @returns its path */
  readonly write: (name: string, content: string | Uint8Array) => string
}

/** Where the copies are that a stage of a run deploys. */
export function filesFolder(runFolder: string, stage: string): string {
  return join(runFolder, 'stack', 'files', stage)
}

/** What is deployed, among them: it is there before the engine is asked for anything. */
export const DEPLOYED = '.berth-deployed.json'

/** Compose mounts them: a container's user reads them as they are. On the host nobody gets there, through folders that are the service's alone. */
const FOR_CONTAINERS = 0o644

/** Of all files together that a pull request names. */
const MOST_FILES = { bytes: 64 * 2 ** 20, files: 1000 }
/** More than that belongs into an image or a volume. */
const MOST_TREE = { bytes: 64 * 2 ** 20, entries: 10_000 }

/** `folder` must be new, and nobody's but the service's. */
export function copiesIn(folder: string, checkout: string): Copies {
  const room = { ...MOST_FILES }
  const [files, trees] = [new Map<string, Copied>(), new Map<string, Copied>()]
  function write(name: string, content: string | Uint8Array): string {
    const path = join(folder, name)
    makeFolder(dirname(path))
    writeFileSync(path, content)
    chmodSync(path, FOR_CONTAINERS)
    return path
  }
  function fresh(name: string, mostBytes: number): Copied {
    if (name.startsWith('/') || name.startsWith('..')) return { fault: 'it leads out of the repository' }
    const bytes = readInside(checkout, name, mostBytes)
    if ('fault' in bytes) return bytes
    room.files -= 1
    room.bytes -= bytes.length
    if (room.files < 0 || room.bytes < 0)
      return { fault: 'all files of the stack together are too many or too large' }
    return { path: write(name, bytes) }
  }
  function copyTree(name: string): Copied {
    const path = join(folder, `.berth-mount-${trees.size}`)
    return once(trees, name, () => copyInside(checkout, name, path, MOST_TREE) ?? { path })
  }
  makeFolder(folder)
  return {
    folder,
    copy: (name, mostBytes) => once(files, normalize(name), () => fresh(normalize(name), mostBytes)),
    copyTree,
    write,
  }
}

function once(done: Map<string, Copied>, name: string, make: () => Copied): Copied {
  const result = done.get(name) ?? make()
  done.set(name, result)
  return result
}
