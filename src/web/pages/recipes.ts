import { formatDuration } from '../../model/duration.ts'
import type { Flakiness, History, PastRun, StageHistory } from '../../model/history.ts'
import type { Recipe } from '../../model/recipe.ts'
import { durationBar, durationsChart, outcomesChart } from './charts.ts'
import { type Html, html } from './html.ts'
import { badge, runCell, table, time } from './parts.ts'

/** Where the history of what a run is about is shown. */
export function historyUrl({
  recipe,
  repository,
}: {
  readonly recipe: string
  readonly repository: string
}): string {
  return `/recipes/${encodeURIComponent(recipe)}?${new URLSearchParams({ repository })}`
}

export interface RecipeLine {
  readonly recipe: Recipe
  /** Whose pull requests may ask for it, as berth.yml names them. */
  readonly repositories: readonly string[]
  readonly history: History
}

export function recipesPage(lines: readonly RecipeLine[]): Html {
  const rows = lines.map(({ recipe, repositories, history }) => [
    html`<a href="/recipes/${recipe.name}">${recipe.name}</a><br><span class="quiet">${recipe.description}</span>`,
    html`${history.runs.length === 0 ? 'no run yet' : html`${outcomesChart(history)}`}`,
    html`${history.durations === null ? '' : formatDuration(history.durations.middleMs)}`,
    html`${history.durations === null ? '' : formatDuration(history.durations.p95Ms)}`,
    html`${repositories.map((one) => html`<code>${one}</code> `)}`,
  ])
  return html`<p class="crumbs"><a href="/">Overview</a></p><h1>Recipes</h1>
    ${rows.length === 0 ? html`<p class="quiet">There is none: <code>berth recipes new</code> makes one.</p>` : table('Recipes', ['Recipe', 'Last runs', 'Median', 'p95', 'Asked for by'], rows)}`
}

export interface HistoryPage {
  readonly name: string
  /** Null = it is no longer in force; its runs are still known. */
  readonly recipe: Recipe | null
  readonly repository: string | null
  readonly history: History
  readonly nowMs: number
}

/** How the last runs of a recipe went: first what is usual, then what is slow or flaky, then each run. */
export function recipePage({ name, recipe, repository, history, nowMs }: HistoryPage): Html {
  const { runs, durations } = history
  const none = html`<p class="quiet">No run of it has ended${repository === null ? '' : ` in ${repository}`} yet.</p>`
  return html`<p class="crumbs"><a href="/">Overview</a> <a href="/recipes">Recipes</a></p>
    <h1>${name}</h1>
    <p class="quiet">${recipe === null ? 'This recipe is not in force any more.' : recipe.description}</p>
    ${scope(name, repository, runs)}
    ${
      runs.length === 0
        ? none
        : html`<div data-live="history"><section aria-labelledby="runs"><h2 id="runs">Runs</h2>
      <div class="charts">${durationsChart(runs, durations)}${outcomesChart(history)}</div>${flakyRuns(history.flakiness)}</section>
    ${stagesSection(history)}${pastSection(runs, nowMs)}</div>`
    }`
}

function scope(name: string, repository: string | null, runs: readonly PastRun[]): Html {
  const url = `/recipes/${encodeURIComponent(name)}`
  const seen = [...new Set(runs.map((run) => run.repository))].sort()
  if (repository !== null)
    return html`<p>In <code>${repository}</code>. <a href="${url}">In all repositories</a></p>`
  if (seen.length < 2) return html`<p>In all repositories.</p>`
  return html`<p>In all repositories. Only in: ${seen.map((one) => html`<a href="${historyUrl({ recipe: name, repository: one })}">${one}</a> `)}</p>`
}

function flakyRuns({ tried, flaky }: Flakiness): Html | null {
  if (tried === 0) return null
  return html`<p>${flaky === 0 ? 'No' : flaky} of ${tried} ${tried === 1 ? 'commit' : 'commits'} that ${tried === 1 ? 'was' : 'were'} tried more than once both passed and failed.</p>`
}

function stagesSection({ stages }: History): Html {
  const longest = Math.max(1, ...stages.map(({ durations }) => durations.middleMs))
  const heads = ['Stage', 'Median', '', 'p95', 'Longest', 'Red', 'Flaky']
  const rows = stages.map((stage) => stageRow(stage, longest))
  return html`<section aria-labelledby="stages"><h2 id="stages">Stages, slowest first</h2>
    ${rows.length === 0 ? html`<p class="quiet">No stage is known of these runs: an older berth has concluded them.</p>` : table('Stages', heads, rows)}
    <p class="quiet note"><strong>Flaky</strong> is a stage that has both passed and failed (or run out of its time) at one and the same commit, with the same arguments; a retry of that commit counts. What was stopped, or ended by a fault of the harness, counts as neither.</p></section>`
}

function stageRow({ name, durations, outcomes, flakiness }: StageHistory, longest: number): readonly Html[] {
  const { count, middleMs, p95Ms, longestMs } = durations
  const red = outcomes.failure + outcomes.timed_out
  return [
    html`${name}`,
    html`${formatDuration(middleMs)}`,
    durationBar(middleMs, longest),
    html`${formatDuration(p95Ms)}`,
    html`${formatDuration(longestMs)}`,
    html`<span class="nowrap">${red} of ${count}</span>`,
    flakyCell(flakiness),
  ]
}

function flakyCell({ tried, flaky }: Flakiness): Html {
  if (tried === 0) return html`<span class="quiet nowrap">no commit tried twice</span>`
  const words = `${flaky} of ${tried} ${tried === 1 ? 'commit' : 'commits'}`
  return flaky === 0
    ? html`<span class="quiet nowrap">no (${words})</span>`
    : html`<span class="nowrap">${badge('flaky')} ${words}</span>`
}

function pastSection(runs: readonly PastRun[], nowMs: number): Html {
  const rows = runs.map((run) => [
    runCell(run),
    badge(run.verdict?.conclusion ?? 'not known'),
    html`${run.tookMs === null ? '' : formatDuration(run.tookMs)}`,
    html`<code>${run.sha.slice(0, 10)}</code>`,
    html`${run.concludedAtMs === null ? '' : time(run.concludedAtMs, nowMs)}`,
    html`<span class="text">${run.verdict?.title ?? ''}</span>`,
  ])
  return html`<section aria-labelledby="past"><h2 id="past">Each run, newest first</h2>
    ${table('Runs', ['Run', 'End', 'Took', 'Commit', 'Ended', 'Verdict'], rows)}</section>`
}
