import { problemReasons } from '../../model/problem.ts'
import { endReasons, type Reason, refusalReasons } from '../../model/reasons.ts'
import { type Html, html } from './html.ts'

/** What each code in replies and on checks means, and the way out. Each has an anchor of its own. */
export function reasonsPage(): Html {
  return html`<h1>Reasons</h1>
  <p>Each refusal and each end of a run has a code that stays the same, for people and for programs.</p>
  ${section('refusals', 'Why a command was not carried out', refusalReasons())}
  ${section('problems', 'Why a request of a program is not answered', problemReasons())}
  ${section('ends', 'Why a run ended as it did', endReasons())}`
}

function section(id: string, heading: string, reasons: readonly Reason[]): Html {
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${heading}</h2>
    <dl class="reasons">${reasons.map(entry)}</dl></section>`
}

function entry({ code, means, wayOut }: Reason): Html {
  return html`<dt id="${code}"><code>${code}</code></dt><dd>${means} ${wayOut}</dd>`
}
