import type { RunAbout } from './runView.ts'

/** The pull request's page, beside the repository that was cloned; null = there is none that a link may lead to. */
export function pullUrl({ cloneUrl, pr }: Pick<RunAbout, 'cloneUrl' | 'pr'>): string | null {
  const url = URL.parse(cloneUrl)
  if (pr === 0 || url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) return null
  return `${url.origin}${url.pathname.replace(/(?:\.git)?\/?$/, '')}/pull/${pr}`
}
