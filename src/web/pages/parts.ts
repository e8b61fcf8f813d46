import { formatDuration } from '../../model/duration.ts'
import type { RunRow } from '../../model/ports.ts'
import { RUN_IN_TEXT } from '../lanes.ts'
import type { RunAbout } from '../runView.ts'
import { type Html, html } from './html.ts'

const DAY_CHARACTERS = '2026-07-01'.length

/** A moment in UTC: the time of today, the date and time of any other day. */
export function time(atMs: number, nowMs: number): Html {
  const iso = new Date(atMs).toISOString()
  const day = iso.slice(0, DAY_CHARACTERS)
  const isToday = day === new Date(nowMs).toISOString().slice(0, DAY_CHARACTERS)
  const clock = iso.slice(DAY_CHARACTERS + 1, -'.000Z'.length)
  return html`<time datetime="${iso}" title="${iso}">${isToday ? '' : `${day} `}${clock} UTC</time>`
}

/** A moment and how long ago that is. */
export function since(atMs: number, nowMs: number): Html {
  return html`${time(atMs, nowMs)}, ${lasted(atMs, nowMs)} ago`
}

/** How long something took, or takes so far; never below zero, whatever two clocks say. */
export function lasted(fromMs: number, toMs: number): string {
  const ms = Math.max(0, toMs - fromMs)
  return formatDuration(ms < 1000 ? ms : Math.floor(ms / 1000) * 1000)
}

/** A word of the glossary as a badge: the colour never says more than the word. */
export function badge(state: string): Html {
  return html`<span class="state" data-state="${state}">${state.replaceAll('_', ' ')}</span>`
}

type About = Pick<RunAbout, 'recipe' | 'repository' | 'pr'>

/** What a run is, in one line: `hello on acme/site #12`. */
export function titleOf({ recipe, repository, pr }: About): string {
  return `${recipe} on ${repository}${pr === 0 ? '' : ` #${pr}`}`
}

export function runLink(id: string): Html {
  return html`<a class="id" href="/runs/${id}">${id}</a>`
}

export function titleLink(id: string, about: About): Html {
  return html`<a href="/runs/${id}">${titleOf(about)}</a>`
}

/** A run as a cell of a table: what it is, and its id below. */
export function runCell(row: Pick<RunRow, 'id' | 'recipe' | 'repository' | 'pr'>): Html {
  return html`${titleLink(row.id, row)}<br><span class="id">${row.id}</span>`
}

/** A text in which runs that it names are links. */
export function linked(text: string): readonly Html[] {
  const found = [...text.matchAll(RUN_IN_TEXT)]
  const ends = found.map((match) => match.index + match[0].length)
  const before = found.map((match, index) => {
    const id = match[1] ?? ''
    return html`${text.slice(ends[index - 1] ?? 0, (ends[index] ?? 0) - id.length)}${runLink(id)}`
  })
  return [...before, html`${text.slice(ends.at(-1) ?? 0)}`]
}

/** A table in a box of its own that scrolls, also by keyboard, where the page is narrow. */
export function table(label: string, heads: readonly string[], rows: readonly (readonly Html[])[]): Html {
  return html`<div class="scroll" role="region" aria-label="${label}" tabindex="0"><table>
    <thead><tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr></thead>
    <tbody>${rows.map((cells) => html`<tr>${cells.map((cell) => html`<td>${cell}</td>`)}</tr>`)}</tbody>
  </table></div>`
}
