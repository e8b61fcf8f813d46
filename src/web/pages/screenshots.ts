import type { RunView } from '../runView.ts'
import { type Html, html } from './html.ts'

/** Smaller than it was taken: a click shows it as it is. */
const SHOWN = { width: 320, height: 200 }

/** The pictures that the run's stages have taken; nothing where there is none. */
export function screenshotsSection({ id, journal }: Pick<RunView, 'id' | 'journal'>): Html {
  const taken = journal.flatMap((entry) =>
    entry.event === 'stage.ended' && entry.aim === 'screenshot' ? [entry.name] : [],
  )
  if (taken.length === 0) return html``
  return html`<section aria-labelledby="screenshots"><h2 id="screenshots">Screenshots</h2>
    <p>${taken.map((stage) => picture(`/runs/${id}/screenshots/${stage}.png`, stage))}</p></section>`
}

function picture(url: string, stage: string): Html {
  return html`<a href="${url}"><img src="${url}" width="${SHOWN.width}" height="${SHOWN.height}" loading="lazy" alt="The page as stage ${stage} saw it"></a> `
}
