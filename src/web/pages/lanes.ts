import type { Hold } from '../../lock/holds.ts'
import { isIdle, type Lane, type Waiter } from '../lanes.ts'
import type { RunAbout } from '../runView.ts'
import { type Html, html } from './html.ts'
import { badge, linked, runLink, since, time, titleLink } from './parts.ts'

/** What the runs are that the lanes name, as far as anybody knows. */
export type Abouts = ReadonlyMap<string, Pick<RunAbout, 'recipe' | 'repository' | 'pr'>>

/** One lane for every name that is in use; those that nobody has or wants are only listed. */
export function lanesSection(lanes: readonly Lane[], abouts: Abouts, nowMs: number): Html {
  const used = lanes.filter((lane) => !isIdle(lane))
  const idle = lanes.filter(isIdle)
  return html`${
    used.length === 0
      ? html`<p class="quiet">No name is in use. A comment with <code>!testme</code> on a pull request starts a run.</p>`
      : html`<ul class="lanes">${used.map((lane) => laneCard(lane, abouts, nowMs))}</ul>`
  }
  ${
    idle.length === 0
      ? null
      : html`<p class="quiet">Free: ${idle.map(({ name }) => html`<code>${name}</code> `)}</p>`
  }`
}

function laneCard(lane: Lane, abouts: Abouts, nowMs: number): Html {
  return html`<li class="lane" data-state="${lane.state}">
    <h3><span class="name">${lane.name}</span> ${badge(lane.state)}</h3>
    <p>${holderOf(lane, abouts, nowMs)}</p>
    ${lane.waiters.length === 0 ? null : html`<p class="quiet">Waiting:</p><ol>${lane.waiters.map((waiter) => waiterLine(waiter, abouts))}</ol>`}
  </li>`
}

function holderOf(lane: Lane, abouts: Abouts, nowMs: number): Html {
  if (lane.hold !== null) return byHand(lane.hold, nowMs)
  const pids = lane.pids.length === 0 ? null : html` <span class="quiet">pid ${lane.pids.join(', ')}</span>`
  const run = lane.run === null ? null : runWords(lane.run, abouts)
  const from =
    lane.sinceMs === null || lane.sinceMs === 0 ? null : html`, since ${since(lane.sinceMs, nowMs)}`
  switch (lane.state) {
    case 'busy':
      return html`Held by ${run ?? 'a process that no mark names'}${from}.${pids}`
    case 'dirty':
      return html`Left uncleaned by ${run ?? 'an unknown run'}${from}. The next holder or the janitor cleans it.`
    case 'blocked':
      return html`Left uncleaned by ${run ?? 'an unknown run'}${from}, and nobody can clean it. See to it, then:
        <code>berth locks release ${lane.name} --reason …</code>`
    case 'free':
      return html`Nobody has it.`
  }
}

function byHand({ by, reason, untilMs }: Hold, nowMs: number): Html {
  return html`Held by hand by ${by} until ${time(untilMs, nowMs)}: ${reason}`
}

function runWords(id: string, abouts: Abouts): Html {
  const about = abouts.get(id)
  return about === undefined
    ? html`run ${runLink(id)}`
    : html`${titleLink(id, about)} <span class="id">${id}</span>`
}

function waiterLine({ what, run }: Waiter, abouts: Abouts): Html {
  return html`<li>${run !== null && abouts.has(run) ? runWords(run, abouts) : linked(what)}</li>`
}
