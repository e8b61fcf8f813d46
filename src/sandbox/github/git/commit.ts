import type { Change } from '../records.ts'
import type { GitFolder } from './bare.ts'

/** Files by path; null takes one away. */
export type Files = Readonly<Record<string, string | null>>

export interface NewCommit {
  /** null = a commit without a parent. */
  readonly parent: string | null
  /** Refs that are to point at it; at least one. */
  readonly refs: readonly [string, ...string[]]
  readonly files: Files
  readonly message: string
  readonly author: string
  readonly atMs: number
}

/** Makes one commit on top of its parent and moves the refs to it; the result is its SHA. One git process, no work tree. */
export async function commitFiles(git: GitFolder, fullName: string, commit: NewCommit): Promise<string> {
  const out = await git.run(fullName, ['fast-import', '--quiet', '--done'], importStream(commit))
  const sha = out.trim()
  if (!/^[0-9a-f]{40}$/.test(sha))
    throw new Error(`git fast-import answered ${JSON.stringify(out)}, no commit`)
  return sha
}

/** The language of git-fast-import(1). */
function importStream(commit: NewCommit): string {
  const [first, ...others] = commit.refs
  const person = `${commit.author} <${commit.author}@users.noreply.example.org> ${Math.floor(commit.atMs / 1000)} +0000`
  return [
    `commit ${first}`,
    'mark :1',
    `author ${person}`,
    `committer ${person}`,
    data(commit.message),
    ...(commit.parent === null ? [] : [`from ${commit.parent}`]),
    ...Object.entries(commit.files).map(([path, text]) =>
      text === null ? `D ${path}` : `M 100644 inline ${path}\n${data(text)}`,
    ),
    ...others.map((ref) => `reset ${ref}\nfrom :1`),
    'get-mark :1',
    'done\n',
  ].join('\n')
}

function data(text: string): string {
  return `data ${Buffer.byteLength(text)}\n${text}`
}

/** What the commits from `base` to `head` change. */
export async function measureChange(
  git: GitFolder,
  fullName: string,
  base: string,
  head: string,
): Promise<Change> {
  const range = `${base}...${head}`
  const [commits, stats, diff] = await Promise.all([
    git.run(fullName, ['rev-list', '--count', `${base}..${head}`]),
    git.run(fullName, ['diff', '--numstat', range]),
    git.run(fullName, ['diff', '--no-color', range]),
  ])
  const rows = stats.split('\n').filter((row) => row !== '')
  return {
    commits: Number(commits),
    files: rows.length,
    additions: sumOfColumn(rows, 0),
    deletions: sumOfColumn(rows, 1),
    diff,
  }
}

/** Binary files show `-` in both columns and count as nothing. */
function sumOfColumn(rows: readonly string[], column: number): number {
  return rows.reduce((sum, row) => sum + (Number(row.split('\t')[column]) || 0), 0)
}
