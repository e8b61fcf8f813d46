import { lchownSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError } from '../errors.ts'
import type { RunAs, RunRequest } from '../model/run.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { type GitUser, git, gitInto, writeGitConfiguration } from './git.ts'
import { fetchIntoMirror, type MirrorWish, mirrorPath, mirrorUser, noteUse } from './mirror.ts'

export interface CheckoutWish {
  readonly request: MirrorWish['request'] & Pick<RunRequest, 'runAs'>
  readonly run: RunPaths
  readonly mirrors: string
  readonly cloneToken: string | null
  readonly signal: AbortSignal
}

/**
 * Puts the pinned commit with its history into the run's `work/`.
 * @throws HarnessError GIT, or WRONG_COMMIT when what stands there is not what was asked for
 */
export async function checkOut(wish: CheckoutWish): Promise<void> {
  const { run, request } = wish
  writeGitConfiguration(run.home)
  if (request.runAs !== null) for (const folder of [run.home, run.artifacts]) giveTo(request.runAs, folder)
  await checkOutInto(wish, run.work)
}

/**
 * Puts the commit with its history into an empty folder, which belongs to the user that the stages run as from before the first byte of the
 * repository's is in it: no privileged process follows a path that the repository or that user made. The run's home must be there.
 * @throws HarnessError GIT, or WRONG_COMMIT when what stands there is not what was asked for
 */
export async function checkOutInto(
  { request, run, mirrors, cloneToken, signal }: CheckoutWish,
  folder: string,
): Promise<void> {
  const { sha, runAs } = request
  const user: GitUser = { home: run.home, runAs }
  const options = { run: run.id, signal }
  makeRepository(folder, sha)
  if (runAs !== null) giveTo(runAs, folder)
  await fillFromMirror({ mirrors, request, options: { ...options, token: cloneToken } }, user, folder)
  await git(user, ['-C', folder, 'checkout', '-q', '--detach', sha], options)
  const head = readFileSync(join(folder, '.git', 'HEAD'), 'utf8').trim()
  if (head !== sha) throw new HarnessError('WRONG_COMMIT', `the checkout is at ${head}, not at ${sha}`)
}

/** What `git init --template=` makes, without a process of its own, and one ref that keeps the commit whatever a stage checks out. */
function makeRepository(work: string, sha: string): void {
  const folder = join(work, '.git')
  mkdirSync(folder)
  for (const name of ['objects/info', 'objects/pack', 'refs/berth', 'refs/heads', 'refs/tags'])
    mkdirSync(join(folder, name), { recursive: true })
  writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
  writeFileSync(join(folder, 'config'), REPOSITORY_CONFIGURATION)
  writeFileSync(join(folder, 'refs/berth/head'), `${sha}\n`)
}

const REPOSITORY_CONFIGURATION = `[core]
	repositoryformatversion = 0
	filemode = true
	bare = false
	logallrefupdates = true
`

/** Leaves first: what is in a folder is not looked at any more when its new owner can replace it. */
function giveTo(runAs: RunAs, path: string): void {
  for (const entry of readdirSync(path, { withFileTypes: true })) {
    const below = join(path, entry.name)
    if (entry.isDirectory()) giveTo(runAs, below)
    else lchownSync(below, runAs.uid, runAs.gid)
  }
  lchownSync(path, runAs.uid, runAs.gid)
}

/** How to come by a mirror that has the commit, if the ways before did not. */
const WAYS = [
  // Most runs are not the first one of their commit.
  (wish: MirrorWish) => Promise.resolve(mirrorPath(wish)),
  (wish: MirrorWish) => fetchIntoMirror(wish),
  // Somebody's fresh clone can take the mirror's place, without our commit, between our fetch and our copy.
  (wish: MirrorWish) => fetchIntoMirror(wish),
  // A fetch does not look at what is there already: only a fresh clone heals a damaged object.
  (wish: MirrorWish) => fetchIntoMirror(wish, { anew: true }),
] as const

async function fillFromMirror(wish: MirrorWish, user: GitUser, work: string): Promise<void> {
  const { run, signal } = wish.options
  let fault: unknown = null
  for (const way of WAYS) {
    if (fault !== null) await git(user, ['-C', work, 'prune'], { run, signal })
    const mirror = await way(wish)
    noteUse(mirror)
    try {
      return await copyCommit(mirror, wish, user, work)
    } catch (error) {
      if (signal.aborted) throw error
      fault = error
    }
  }
  throw fault
}

/**
 * The mirror's owner packs, the run's user unpacks: neither opens a file of the other's, and no inode is shared. The reader names each
 * object by its content and follows each link, so what it takes is the pinned commit, whole. A run's work is thrown away, so nothing is flushed.
 */
async function copyCommit(mirror: string, wish: MirrorWish, user: GitUser, work: string): Promise<void> {
  const pack = ['-C', mirror, 'pack-objects', '-q', '--revs', '--stdout', '--delta-base-offset']
  const index = ['-C', work, '-c', 'core.fsync=none', 'index-pack', '--stdin', CONNECTED]
  const { run, signal } = wish.options
  await gitInto(
    { user: mirrorUser(wish), args: pack },
    `${wish.request.sha}\n`,
    { user, args: index },
    { run, signal },
  )
}

const CONNECTED = '--check-self-contained-and-connected'
