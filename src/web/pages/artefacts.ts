import type { RunView } from '../runView.ts'
import { type Html, html } from './html.ts'

/** The names of what its stages have left. The files themselves stay on the machine: nobody has looked for secrets in them. */
export function artefactsSection({ artefacts }: Pick<RunView, 'artefacts'>): Html {
  const { files, faults } = artefacts
  if (files.length + faults.length === 0) return html``
  return html`<section aria-labelledby="artefacts"><h2 id="artefacts">Artefacts</h2>
    <details data-key="artefacts"><summary>${files.length} ${files.length === 1 ? 'file' : 'files'}, kept on the machine</summary>
    <ul class="files">${files.map((name) => html`<li class="text mono">${name}</li>`)}${faults.map((fault) => html`<li class="text">${fault}</li>`)}</ul></details></section>`
}
