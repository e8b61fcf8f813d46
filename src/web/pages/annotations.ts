import type { Annotation } from '../../model/annotation.ts'
import { type Annotations, countsOf, foundWords } from '../../model/annotations.ts'
import { linesUrl } from '../repositoryUrls.ts'
import type { RunAbout, RunView } from '../runView.ts'
import { type Html, html } from './html.ts'
import { badge, table } from './parts.ts'

/** What the run's stages said of files, and what of that could not be read; nothing where nothing was said. */
export function annotationsSection({ annotations, about }: Pick<RunView, 'annotations' | 'about'>): Html {
  if (annotations === null || countsOf(annotations).all + annotations.faultCount === 0) return html``
  return html`<section aria-labelledby="annotations"><h2 id="annotations">Annotations</h2>
    ${found(annotations, about)}${unread(annotations)}</section>`
}

function found(annotations: Annotations, about: RunAbout | null): Html | null {
  const { all, hidden } = countsOf(annotations)
  if (all === 0) return null
  const rows = [...annotations.placed, ...annotations.unplaced].map((each, index) =>
    rowOf(each, index, about),
  )
  const more = hidden === 0 ? '' : ` ${hidden} more are not kept.`
  return html`<p>${foundWords(annotations.found)}.${more}</p>
    ${table('Annotations', ['Level', 'Place', 'What'], rows)}`
}

function rowOf(annotation: Annotation, index: number, about: RunAbout | null): readonly Html[] {
  const { level, title, message, details } = annotation
  const heading = title === null || title === message ? null : html`<strong>${title}</strong><br>`
  const more =
    details === null
      ? null
      : html`<details data-key="annotation-${index}"><summary>More</summary><pre class="text" tabindex="0">${details}</pre></details>`
  return [
    badge(level),
    placeOf(annotation, about),
    html`<span class="text">${heading}${message}</span>${more}`,
  ]
}

/** A link to the line at the run's commit, where the repository is known to be GitHub's. */
function placeOf({ path, line, endLine }: Annotation, about: RunAbout | null): Html {
  if (path === null) return html`<span class="quiet">nowhere in the repository</span>`
  const words = html`<code>${path}:${line}${endLine === line ? '' : `-${endLine}`}</code>`
  const url = about === null ? null : linesUrl(about, path, line, endLine)
  return url === null ? words : html`<a href="${url}" rel="noreferrer">${words}</a>`
}

function unread({ faults, faultCount }: Annotations): Html | null {
  if (faultCount === 0) return null
  const more = faultCount - faults.length
  return html`<p>${faultCount} could not be read:</p>
    <ul>${faults.map((fault) => html`<li class="text">${fault}</li>`)}${more === 0 ? null : html`<li>and ${more} more</li>`}</ul>`
}
