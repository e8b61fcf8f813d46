import { chownSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HarnessError } from '../errors.ts'
import type { RunRequest } from '../model/run.ts'
import type { RunPaths } from '../store/runFolder.ts'
import { asUser, type GitUser, git, writeGitConfiguration } from './git.ts'
import { fetchIntoMirror, type MirrorWish, mirrorPath, mirrorUser } from './mirror.ts'

export interface CheckoutWish {
  readonly request: RunRequest
  readonly run: RunPaths
  readonly mirrors: string
  readonly cloneToken: string | null
  readonly signal: AbortSignal
}

/**
 * Puts the pinned commit into the run's `work/`, by the user that the stages run as. The objects are pushed out of the mirror into a
 * repository of that user's own: a local clone would hard-link them, and a privileged git would follow paths that the user made.
 * @throws HarnessError GIT, or WRONG_COMMIT when what stands there is not what was asked for
 */
export async function checkOut({ request, run, mirrors, cloneToken, signal }: CheckoutWish): Promise<void> {
  const user: GitUser = { home: run.home, runAs: request.runAs }
  writeGitConfiguration(run.home)
  giveTo(user, [run.work, run.home, join(run.home, '.gitconfig'), run.artifacts])
  await git(user, ['init', '-q', '--template=', run.work], { signal })
  const wish: MirrorWish = { mirrors, request, options: { signal, token: cloneToken } }
  await fillFromMirror(wish, user, run.work)
  await git(user, ['-C', run.work, 'checkout', '-q', '--detach', request.sha], { signal })
  const head = readFileSync(join(run.work, '.git', 'HEAD'), 'utf8').trim()
  if (head !== request.sha)
    throw new HarnessError('WRONG_COMMIT', `the checkout is at ${head}, not at ${request.sha}`)
}

/** A mirror that has the commit already is used as it is; anything that goes wrong with that makes it fetch, under its lock. */
async function fillFromMirror(wish: MirrorWish, user: GitUser, work: string): Promise<void> {
  const { sha } = wish.request
  const receive = [...asUser(user), 'git', 'receive-pack'].join(' ')
  const push = (mirror: string) =>
    git(
      mirrorUser(wish),
      ['-C', mirror, 'push', '-q', `--receive-pack=${receive}`, work, `${sha}:refs/berth/head`],
      wish.options,
    )
  try {
    await push(mirrorPath(wish))
  } catch {
    await push(await fetchIntoMirror(wish))
  }
}

function giveTo({ runAs }: GitUser, folders: readonly string[]): void {
  if (runAs === null) return
  for (const folder of folders) chownSync(folder, runAs.uid, runAs.gid)
}
