import { html } from 'hono/html'
import type { GitFolder } from '../github/git/bare.ts'
import { fullName } from '../github/memory.ts'
import type { Repository } from '../github/records.ts'
import type { Html } from './markdown.ts'

/** A text file at a commit, each line with the anchor that GitHub gives it; null = there is no such file. */
export async function fileView(
  git: GitFolder,
  repository: Repository,
  sha: string,
  path: string,
): Promise<Html | null> {
  const text = await git.run(fullName(repository), ['cat-file', 'blob', `${sha}:${path}`]).catch(() => null)
  if (text === null) return null
  const lines = text.split('\n').map((line, index) => html`<li id="L${index + 1}">${line || ' '}</li>`)
  return html`<h1>${path}</h1><p class="meta">at <code>${sha}</code></p><pre tabindex="0"><ol>${lines}</ol></pre>`
}
