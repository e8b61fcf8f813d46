import { conductorWords } from '../../model/conductor.ts'
import { headOf, type ProofLine } from '../../model/proofLines.ts'
import { isLive, isOver } from '../../model/run.ts'
import type { Wait } from '../../model/wait.ts'
import type { LogPane } from '../logPane.ts'
import { pullUrl } from '../repositoryUrls.ts'
import { type RunView, shownState } from '../runView.ts'
import { runActs, type Viewer } from './acts.ts'
import { annotationsSection } from './annotations.ts'
import { artefactsSection } from './artefacts.ts'
import { type Html, html } from './html.ts'
import { journalSection } from './journal.ts'
import { logSection } from './log.ts'
import { badge, lasted, linked, runLink, since, time, titleOf } from './parts.ts'
import { historyUrl } from './recipes.ts'
import { screenshotsSection } from './screenshots.ts'
import { timelineSection } from './timeline.ts'

export interface RunPage {
  readonly run: RunView
  /** What it waits for; null = it does not wait. */
  readonly wait: Wait | null
  readonly log: LogPane | null
  readonly viewer: Viewer | null
  readonly nowMs: number
}

export function runTitle({ id, about }: RunView): string {
  return about === null ? `Run ${id}` : titleOf(about)
}

/** One run: what was asked, how it goes or went, what it said, what was taken down. */
export function runPage({ run, wait, log, viewer, nowMs }: RunPage): Html {
  return html`<script type="module" src="/assets/log.js"></script>
  <div data-live="head">
    <p class="crumbs"><a href="/">Overview</a>${run.about === null ? null : html` <a href="${historyUrl(run.about)}">History of ${run.about.recipe}</a>`}</p>
    <h1>${runTitle(run)}</h1>
    <p class="summary">${badge(run.verdict?.conclusion ?? shownState(run))} <span class="id">${run.id}</span></p>
    ${verdict(run)}
    ${waiting(wait, nowMs)}
    ${facts(run, nowMs)}
  </div>
  ${runActs(run, viewer)}
  <div data-live="timeline">${timelineSection(run, nowMs)}${teardown(run)}</div>
  <div data-live="annotations">${annotationsSection(run)}</div>
  <div data-live="screenshots">${screenshotsSection(run)}</div>
  ${logSection(run, log)}
  <div data-live="artefacts">${artefactsSection(run)}</div>
  <div data-live="journal">${journalSection(run.journal, nowMs)}</div>`
}

function verdict(run: RunView): Html {
  return html`
    ${run.verdict === null ? null : html`<p class="verdict text">${run.verdict.title}</p>`}
    ${run.dead ? html`<p class="alarm">No process has it any more. It is to be recovered, that is torn down and concluded: by the service, by whoever wants its names next, or by the janitor.</p>` : null}
    ${run.cleaned ? null : html`<p class="alarm">Not cleaned: what it put up may still be there, and its names stay dirty until a teardown is verified.</p>`}
    ${run.fault === null ? null : html`<p class="alarm text">A part of it cannot be read: ${run.fault}</p>`}
    ${run.position === null ? null : html`<p>Place ${run.position} in the queue; it waits for ${linked(run.waitsFor ?? 'its turn')}.</p>`}
    ${run.stop === null || isOver(run.state) ? null : html`<p class="alarm text">To stop: ${run.stop.reason.replaceAll('_', ' ')}, asked by ${run.stop.by}. ${run.deferredBy === null ? '' : `It waits for stage ${run.deferredBy}, which may not be interrupted. `}Its teardown comes first.</p>`}`
}

/** Who is in its way, and when that is likely to be over. */
function waiting(wait: Wait | null, nowMs: number): Html | null {
  if (wait === null || (wait.holder === null && wait.startsAtMs === null)) return null
  const { holder, startsAtMs } = wait
  const who =
    holder === null
      ? null
      : html`<code>${holder.name}</code> is ${holder.run === null ? html`held by hand by ${holder.by ?? 'somebody'}` : html`held by run ${runLink(holder.run)}`}${holder.sinceMs === null ? '' : html` since ${since(holder.sinceMs, nowMs)}`}. `
  return html`<p>${who}${startsAtMs === null ? '' : html`It is likely to start at about ${time(startsAtMs, nowMs)}.`}</p>`
}

function facts(run: RunView, nowMs: number): Html {
  const { about, startedAtMs, concludedAtMs, queuedAtMs } = run
  const args = Object.entries(about?.arguments ?? {}).map(
    ([key, value]) => html`<code>${key}=${value}</code> `,
  )
  return html`<dl class="facts">
    ${about === null ? null : html`${fact('Pull request', pullLink(run))}${fact('Commit', html`<code>${about.sha}</code>`)}`}
    ${about === null ? null : fact('Asked by', html`${about.actor}`)}
    ${args.length === 0 ? null : fact('Arguments', html`${args}`)}
    ${fact('Names', html`${run.names.map(({ name, state }) => html`<code>${name}</code> ${state === null ? null : badge(state)} `)}`)}
    ${queuedAtMs === null ? null : fact('Asked at', since(queuedAtMs, nowMs))}
    ${startedAtMs === null ? null : fact('Started', time(startedAtMs, nowMs))}
    ${startedAtMs === null ? null : fact('Took', html`${lasted(startedAtMs, concludedAtMs ?? nowMs)}${concludedAtMs === null ? ' so far' : ''}`)}
    ${run.verdict === null ? null : fact('Reason', html`<a href="/reasons#${run.verdict.reason}"><code>${run.verdict.reason}</code></a>`)}
    ${isConducted(run) ? fact('Conducted by', html`${conductorWords(run.conductor, run.dead)}`) : null}
    ${run.containment === null ? null : fact('Containment', html`${run.containment}`)}
  </dl>`
}

/** Until its processes have ended: then nothing of it is anybody's. */
function isConducted({ state, conductor }: RunView): boolean {
  return isLive(state) || conductor?.stands === 'live'
}

function fact(name: string, value: Html): Html {
  return html`<div><dt>${name}</dt><dd>${value}</dd></div>`
}

function pullLink({ about }: RunView): Html {
  if (about === null || about.pr === 0) return html`${about?.repository ?? ''}`
  const url = pullUrl(about)
  const words = `${about.repository} #${about.pr}`
  return url === null ? html`${words}` : html`<a href="${url}" rel="noreferrer">${words}</a>`
}

function teardown({ proof, state }: RunView): Html {
  const none = isOver(state)
    ? 'Nothing had to be taken down.'
    : 'It comes after the last stage, whatever happens.'
  return html`<section aria-labelledby="teardown"><h2 id="teardown">Teardown</h2>
    ${proof.length === 0 ? html`<p class="quiet">${none}</p>` : proof.map(lineOf)}</section>`
}

function lineOf(line: ProofLine): Html {
  const { words, things } = line
  return html`<p class="text">${headOf(line)}: ${words}${things.length === 0 ? '.' : ':'}</p>
    ${things.length === 0 ? null : html`<ul>${things.map((thing) => html`<li class="text">${thing}</li>`)}</ul>`}`
}
