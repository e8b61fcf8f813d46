import { expect, test } from 'vitest'
import { aCheck, aRun } from '../samples.ts'
import { type Factory, queue } from './deeds.ts'

export function unreadable(records: Factory): void {
  test('R-QUE-11 one hides no other, is named, and is a run like any other once it can be read again', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'), aRun('r2'), aRun('r3'))
    await store.change('r3', 'queued', { state: 'starting', startedAtMs: 1 }, [aCheck('r3', 1)])
    expect(await store.broken()).toEqual([])
    await bed.spoil('r1')
    expect((await store.queued()).map(({ id }) => id)).toEqual(['r2'])
    expect((await store.queueSince(null)).queued.map(({ id }) => id)).toEqual(['r2'])
    expect(store.damage(), 'it is a record of another berth, and no damage').toBeNull()
    expect((await store.live()).map(({ id }) => id)).toEqual(['r3'])
    expect((await store.runs({ limit: 9 })).map(({ id }) => id).toSorted()).toEqual(['r2', 'r3'])
    expect(await store.broken()).toEqual([{ id: 'r1', state: 'queued', fault: expect.any(String) }])
    await expect(store.run('r1')).rejects.toMatchObject({ code: 'RUN_UNREADABLE' })
    await bed.mend('r1')
    expect(await store.broken()).toEqual([])
    expect((await store.queued()).map(({ id }) => id)).toEqual(['r1', 'r2'])
  })

  test('R-QUE-03 a swap needs its state alone', async () => {
    await using bed = await records()
    const store = await bed.open()
    await queue(store, aRun('r1'))
    await bed.spoil('r1')
    expect(await store.change('r1', 'running', { state: 'tearing_down' }, [])).toEqual({
      kind: 'conflict',
      state: 'queued',
    })
  })
}
