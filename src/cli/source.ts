import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { basename, resolve } from 'node:path'
import { execa } from 'execa'
import { InputError } from '../errors.ts'

/** What is to be tested, pinned to one commit. */
export interface Source {
  readonly owner: string
  readonly repo: string
  readonly repository: string
  readonly repositoryId: string
  readonly cloneUrl: string
  readonly sha: string
  readonly ref: string | null
  /** Something that the person should know before the run starts, or null. */
  readonly remark: string | null
}

/**
 * Finds the repository and the commit of `--repo` and `--ref`: a folder's repository at HEAD unless said otherwise.
 * @throws InputError naming what is no repository, or has no such ref
 */
export function findSource(repo: string, ref: string | null): Promise<Source> {
  return existsSync(repo) || !/[:@]/.test(repo) ? localSource(resolve(repo), ref) : remoteSource(repo, ref)
}

async function localSource(folder: string, ref: string | null): Promise<Source> {
  const top = await ask(
    ['-C', folder, 'rev-parse', '--show-toplevel'],
    `${folder} is no git repository; name one with --repo`,
  )
  const missing =
    ref === null
      ? `${folder} has no commit yet; make one first`
      : `${folder} has no commit ${ref}; give a branch, tag or commit`
  const sha = await ask(
    ['-C', folder, 'rev-parse', '--verify', '--quiet', `${ref ?? 'HEAD'}^{commit}`],
    missing,
  )
  const changes =
    ref === null ? await ask(['-C', folder, 'status', '--porcelain'], `${folder}: git status failed`) : ''
  const name = basename(top)
  return {
    owner: '',
    repo: name,
    repository: name,
    repositoryId: idOf(top),
    cloneUrl: top,
    sha,
    ref: null,
    remark: changes === '' ? null : 'uncommitted changes are not tested: a run tests a commit',
  }
}

async function remoteSource(url: string, ref: string | null): Promise<Source> {
  const wanted = ref ?? 'HEAD'
  const [owner = '', repo = ''] = url
    .replace(/\.git\/?$|\/$/, '')
    .split(/[/:]/)
    .slice(-2)
  const found = {
    owner,
    repo,
    repository: `${owner}/${repo}`,
    repositoryId: idOf(url),
    cloneUrl: url,
    remark: null,
  }
  if (/^[0-9a-f]{40}$/.test(wanted)) return { ...found, sha: wanted, ref: null }
  const listed = await ask(['ls-remote', '--', url, wanted, `${wanted}^{}`], `${url} cannot be read`)
  const [line] = listed.split('\n').toReversed()
  const [sha = '', name = ''] = (line ?? '').split('\t')
  if (sha === '')
    throw new InputError('berth run', [
      `${url} has no ref ${wanted}; give a branch, a tag or a whole commit with --ref`,
    ])
  return { ...found, sha, ref: name.replace(/\^\{\}$/, '') }
}

/** Git in the caller's own surroundings: it is the caller's repository, with the caller's credentials. */
async function ask(args: readonly string[], otherwise: string): Promise<string> {
  const result = await execa('git', args, { reject: false, stdin: 'ignore' })
  if (!result.failed) return result.stdout.trim()
  const words = result.stderr.trim()
  throw new InputError('berth run', [words === '' ? otherwise : `${otherwise} (git: ${words})`])
}

function idOf(place: string): string {
  return `local-${createHash('sha256').update(place).digest('hex').slice(0, 24)}`
}
