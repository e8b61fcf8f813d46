import type { RunRow } from '../../model/ports.ts'
import type { ShownState } from '../../model/run.ts'
import type { WebWorld } from '../ports.ts'
import { pullUrl } from '../repositoryUrls.ts'
import { deadRows, type RunAbout, shownState } from '../runView.ts'

/** Rows as they are told; the schema says what of them is for everybody. */
export function shownOf(world: Pick<WebWorld, 'dead'>, rows: readonly RunRow[]) {
  const dead = deadRows(world, rows)
  return rows.map((row) => runOf(row, shownState({ state: row.state, dead: dead.has(row.id) })))
}

function runOf(row: RunRow, state: ShownState) {
  return { ...row, ...aboutOf(row), state, queuedAtMs: row.enqueuedAtMs }
}

/** What a run is about, with the address of its pull request instead of where it was cloned from. */
export function aboutOf(about: RunAbout) {
  return { ...about, pullUrl: pullUrl(about) }
}
