import type { RunAbout } from './runView.ts'

/** The pull request's page, beside the repository that was cloned; null = there is none that a link may lead to. */
export function pullUrl({ cloneUrl, pr }: Pick<RunAbout, 'cloneUrl' | 'pr'>): string | null {
  const repository = repositoryUrl(cloneUrl)
  return pr === 0 || repository === null ? null : `${repository}/pull/${pr}`
}

/**
 * Lines of a file at the run's commit, in the repository that was cloned; null = there is no page that a link may lead to.
 * @param path below the repository's root
 */
export function linesUrl(
  { cloneUrl, sha }: Pick<RunAbout, 'cloneUrl' | 'sha'>,
  path: string,
  line: number,
  endLine: number,
): string | null {
  const repository = repositoryUrl(cloneUrl)
  if (repository === null) return null
  const file = path.toWellFormed().split('/').map(encodeURIComponent).join('/')
  return `${repository}/blob/${sha}/${file}#L${line}${endLine === line ? '' : `-L${endLine}`}`
}

function repositoryUrl(cloneUrl: string): string | null {
  const url = URL.parse(cloneUrl)
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null
  return `${url.origin}${url.pathname.replace(/(?:\.git)?\/?$/, '')}`
}
