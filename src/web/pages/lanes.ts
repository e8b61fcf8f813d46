import type { Hold } from '../../lock/holds.ts'
import type { Wait } from '../../model/wait.ts'
import type { Course } from '../course.ts'
import { isIdle, type Lane, type Waiter } from '../lanes.ts'
import type { RunAbout } from '../runView.ts'
import { courseAxis, coursePicture } from './course.ts'
import { type Html, html } from './html.ts'
import { badge, linked, runLink, since, time, titleLink } from './parts.ts'

/** What the runs are that the lanes name, as far as anybody knows. */
export type Abouts = ReadonlyMap<string, Pick<RunAbout, 'recipe' | 'repository' | 'pr'>>

export interface Lanes {
  /** Those that are shown, all that match, in the order of a page. */
  readonly lanes: readonly Lane[]
  readonly abouts: Abouts
  readonly waits: ReadonlyMap<string, Wait>
  readonly course: Course
  readonly nowMs: number
}

/** One lane for every name that is in use; those that nobody has or wants are only listed, folded. */
export function lanesSection(view: Lanes, none: Html, more: Html | null): Html {
  const used = view.lanes.filter((lane) => !isIdle(lane))
  const idle = view.lanes.filter(isIdle)
  return html`${
    used.length === 0
      ? none
      : html`${courseAxis(view.course)}<ul class="lanes">${used.map((lane) => laneCard(lane, view))}</ul>`
  }
  ${more}
  ${
    idle.length === 0
      ? null
      : html`<details class="idle" data-key="idle"><summary>${idle.length} free</summary>
        <p>${idle.map(({ name }) => html`<code>${name}</code> `)}</p></details>`
  }`
}

function laneCard(lane: Lane, view: Lanes): Html {
  const { abouts, nowMs, course } = view
  return html`<li class="lane" data-state="${lane.state}">
    <h3><span class="name">${lane.name}</span> ${badge(lane.state)}</h3>
    ${coursePicture(course, lane.name)}
    <p>${holderOf(lane, abouts, nowMs)}</p>
    ${lane.waiters.length === 0 ? null : html`<p class="quiet">Waiting:</p><ol>${lane.waiters.map((waiter) => waiterLine(waiter, view))}</ol>`}
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

function waiterLine({ what, run }: Waiter, { abouts, waits, nowMs }: Lanes): Html {
  const startsAtMs = waits.get(run ?? '')?.startsAtMs ?? null
  const start =
    startsAtMs === null
      ? null
      : html` <span class="quiet">likely to start at ${time(startsAtMs, nowMs)}</span>`
  return html`<li>${run !== null && abouts.has(run) ? runWords(run, abouts) : linked(what)}${start}</li>`
}
