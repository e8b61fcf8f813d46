import { expect, test } from 'vitest'
import type { RunFilter, RunPlace } from '../../../src/model/ports.ts'
import { aRun } from '../samples.ts'
import { type Factory, lead, queue } from './deeds.ts'

export function pages(records: Factory): void {
  test('R-OBS-04 pages follow each other without a gap or a run twice, whatever is queued meanwhile', async () => {
    await using bed = await records()
    const store = await bed.open()
    const ids = Array.from({ length: 7 }, (_, n) => `r${n}`)
    // Of one moment: the id tells them apart.
    await queue(store, ...ids.map((id, n) => aRun(id, { enqueuedAtMs: n < 4 ? 0 : n })))
    const seen: string[] = []
    let after: RunPlace | null = null
    do {
      const page = await store.runPage({}, after, 3)
      seen.push(...page.runs.map(({ id }) => id))
      after = page.next
      await queue(store, aRun(`new${seen.length}`, { enqueuedAtMs: 99 }))
    } while (after !== null)
    expect(seen).toEqual(ids.toReversed())
  })

  test('R-OBS-04 one that cannot be read is left out, and ends no list', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, ...['r1', 'r2', 'r3'].map((id, n) => aRun(id, { enqueuedAtMs: n })))
    await bed.spoil('r3')
    const first = await store.runPage({}, null, 1)
    expect(first.runs).toEqual([])
    const rest = await store.runPage({}, first.next, 9)
    expect(rest.runs.map(({ id }) => id)).toEqual(['r2', 'r1'])
    expect(rest.next).toBeNull()
  })

  test('R-OBS-04 each filter lets through its own, and several those of all', async () => {
    await using bed = await records()
    const store = await bed.open()
    const names = ['other.ci.test', 'r:gpu']
    await queue(
      store,
      aRun('plain', { enqueuedAtMs: 1 }),
      aRun('other', {
        enqueuedAtMs: 2,
        repository: 'acme/other',
        recipe: 'swarm',
        pr: 13,
        actor: 'hubot',
        names,
      }),
      aRun('live', { enqueuedAtMs: 3, recipe: 'swarm' }),
      aRun('over', { enqueuedAtMs: 4 }),
    )
    await lead(store, 'live', 'running')
    await lead(store, 'over', 'concluded')
    const found = async (filter: RunFilter) => (await store.runPage(filter, null, 9)).runs.map(({ id }) => id)
    expect(await found({ repository: 'acme/other' })).toEqual(['other'])
    expect(await found({ pr: 13 })).toEqual(['other'])
    expect(await found({ recipe: 'swarm' })).toEqual(['live', 'other'])
    expect(await found({ actor: 'hubot' })).toEqual(['other'])
    expect(await found({ name: 'r:gpu' })).toEqual(['other'])
    expect(await found({ state: 'queued' })).toEqual(['other', 'plain'])
    expect(await found({ state: 'running' })).toEqual(['live'])
    expect(await found({ conclusion: 'success' })).toEqual(['over'])
    expect(await found({ name: 'r:gpu', recipe: 'swarm', state: 'queued', pr: 13 })).toEqual(['other'])
    expect(await found({ recipe: 'swarm', actor: 'octocat', conclusion: 'success' })).toEqual([])
  })
}
