import { expect, test } from 'vitest'
import type { PastStage } from '../../../src/model/pastStage.ts'
import { aRun } from '../samples.ts'
import { changeTo, type Factory, lead, queue, tellingOf } from './deeds.ts'

const STAGES: readonly PastStage[] = [
  { name: 'check', outcome: 'success', tookMs: 0 },
  { name: 'a "stage" ☃', outcome: 'timed_out', tookMs: 2 ** 40 },
]

/** How the stages of runs went that are over. */
export function history(records: Factory): void {
  test('R-OBS-03 how the stages of a run went is written with its end, for all to see, and forgotten with it', async () => {
    await using bed = await records()
    const store = await bed.open()
    const other = await bed.open()
    await queue(store, aRun('r1'), aRun('r2'), aRun('r3'))
    const end = { ...changeTo('concluded'), stages: STAGES }
    expect(await other.pastStages(['r1'])).toEqual(new Map())
    await store.change('r1', 'queued', end, tellingOf('r1', 'concluded'))
    await store.change('r1', 'queued', { ...end, stages: [] }, tellingOf('r1', 'concluded'))
    await lead(store, 'r2', 'concluded')
    await store.change('r3', 'queued', { ...end, stages: [] }, tellingOf('r3', 'concluded'))
    expect(await other.pastStages(['r1', 'r2', 'r3', 'none'])).toEqual(
      new Map([
        ['r1', STAGES],
        ['r3', []],
      ]),
    )
    expect(await other.pastStages([])).toEqual(new Map())
  })

  test('R-OBS-03 a conclusion that loses its swap writes no stages', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await lead(store, 'r1', 'running')
    const end = { ...changeTo('concluded'), stages: STAGES }
    const lost = await store.change('r1', 'starting', end, tellingOf('r1', 'concluded'))
    expect(lost).toEqual({ kind: 'conflict', state: 'running' })
    expect(await store.pastStages(['r1'])).toEqual(new Map())
  })
}
