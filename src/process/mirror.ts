import { existsSync, renameSync, rmSync, utimesSync } from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'
import type { RunRequest } from '../model/run.ts'
import { type GitOptions, type GitUser, git, keepGitConfiguration } from './git.ts'

export interface MirrorWish {
  readonly mirrors: string
  readonly request: Pick<RunRequest, 'run' | 'pr' | 'repositoryId' | 'cloneUrl' | 'sha' | 'ref'>
  readonly options: GitOptions
}

/** A fetch of a large repository takes minutes; a lock whose owner stopped touching it for so long is a dead one's. */
const STALE_MS = 30_000
const RETRIES = { forever: true, minTimeout: 20, maxTimeout: 500, factor: 1.5 } as const

/**
 * Makes sure that the shared mirror of the repository has the commit, and returns the mirror's path. The mirror is a cache: whatever is
 * wrong with it, it is cloned anew beside itself and swapped in. It never collects garbage, so a commit once fetched stays.
 * @throws HarnessError GIT when the commit cannot be had from the repository
 */
export async function fetchIntoMirror(wish: MirrorWish, { anew } = { anew: false }): Promise<string> {
  const mirror = mirrorPath(wish)
  const user = mirrorUser(wish)
  keepGitConfiguration(wish.mirrors)
  await using _lock = await lockMirror(mirror)
  try {
    if (!anew && existsSync(mirror)) {
      await fetchCommit(mirror, user, wish)
      return mirror
    }
  } catch (error) {
    if (wish.options.signal.aborted) throw error
  }
  // Without this await the scope would give the lock up while the clone goes on, and two clones would replace each other.
  return await cloneAnew(mirror, user, wish)
}

export function mirrorPath(wish: MirrorWish): string {
  return join(wish.mirrors, `${wish.request.repositoryId}.git`)
}

/** The mirrors are the service's own; stages never reach them. */
export function mirrorUser({ mirrors }: MirrorWish): GitUser {
  return { home: mirrors, runAs: null }
}

async function cloneAnew(mirror: string, user: GitUser, wish: MirrorWish): Promise<string> {
  const fresh = `${mirror}.${wish.request.run}`
  try {
    await git(user, ['init', '-q', '--bare', '--template=', fresh], wish.options)
    await fetchCommit(fresh, user, wish)
    rmSync(mirror, { recursive: true, force: true })
    renameSync(fresh, mirror)
    return mirror
  } finally {
    rmSync(fresh, { recursive: true, force: true })
  }
}

/**
 * By the commit itself; by the ref that held it when the server gives no commits that no ref names. One ref a pull request stays, from which
 * the next fetch counts.
 */
async function fetchCommit(mirror: string, user: GitUser, { request, options }: MirrorWish): Promise<void> {
  const { pr, cloneUrl, sha, ref } = request
  const fetch = (source: string) => {
    const refspecs = [`+${source}:refs/berth/pr-${pr}`, TAGS]
    return git(user, ['-C', mirror, ...FETCH, '--', cloneUrl, ...refspecs], options)
  }
  try {
    await fetch(sha)
  } catch (error) {
    if (ref === null || options.signal.aborted) throw error
    await fetch(ref)
    await git(user, ['-C', mirror, 'cat-file', '-e', `${sha}^{commit}`], options)
  }
}

/**
 * All tags, as the repository has them now: without the `+` a moved tag would fail every later fetch, and so would, without the pruning, a
 * tag in the place of another one's folder. They have a folder of refs to themselves, so no name of theirs is another ref's. git lists
 * tags before a fetch anyway; those that it follows by itself (`--no-tags`) would come again.
 */
const TAGS = '+refs/tags/*:refs/tags/*'
const FETCH = ['fetch', '-q', '--no-write-fetch-head', '--no-auto-gc', '--no-tags', '--prune'] as const

/** Retention looks at it: a copy changes nothing in a mirror. One that is gone is cloned anew. */
export function noteUse(mirror: string): void {
  const now = new Date()
  try {
    utimesSync(mirror, now, now)
  } catch {
    return
  }
}

/** The mirror's lock, or null: somebody fetches into it now. */
export async function lockMirrorNow(mirror: string): Promise<AsyncDisposable | null> {
  try {
    return await lockMirror(mirror, 0)
  } catch (error) {
    if (codeOf(error) === 'ELOCKED') return null
    throw error
  }
}

/** Nothing breaks if this lock is lost: git's own lock files keep two fetches apart, and a damaged mirror is cloned anew. */
async function lockMirror(mirror: string, retries: typeof RETRIES | 0 = RETRIES): Promise<AsyncDisposable> {
  const { lock } = await import('proper-lockfile')
  const release = await lock(mirror, {
    realpath: false,
    stale: STALE_MS,
    retries,
    onCompromised: () => undefined,
  })
  return {
    async [Symbol.asyncDispose]() {
      await release().catch(() => undefined)
    },
  }
}
