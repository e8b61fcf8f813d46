import { expect, test } from 'vitest'
import { aCheck, aRun, PASSED, SHA } from '../samples.ts'
import { deciding, type Factory } from './deeds.ts'

const STOP = { reason: 'cancelled', by: 'octocat', atMs: 1 } as const

export function queueNews(records: Factory): void {
  test('R-QUE-05 whoever keeps the queue in mind hears of what came, changed and left since, from whoever wrote it, and of nothing else', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    const other = await bed.open()
    await decide({ runs: [aRun('r1'), aRun('r2')], reports: [aCheck('r1', 0), aCheck('r2', 0)] })
    const first = await store.queueSince(null)
    expect(first.queued.map(({ id }) => id).toSorted()).toEqual(['r1', 'r2'])
    expect(first.queued.find(({ id }) => id === 'r1')).toEqual({
      id: 'r1',
      priority: 0,
      enqueuedAtMs: 1_000,
      names: ['r:port-1', 'site-hello-pr12.ci.test'],
      repositoryId: '42',
      pr: 12,
      recipe: 'hello',
      sha: SHA,
      stop: null,
      waitsFor: null,
    })
    expect(await store.queueSince(first.upTo)).toEqual({ upTo: first.upTo, queued: [], left: [] })

    const story: readonly (readonly [string, () => Promise<unknown>, object])[] = [
      [
        'one came',
        () => decide({ runs: [aRun('r3')], reports: [aCheck('r3', 0)] }),
        { queued: [{ id: 'r3' }], left: [] },
      ],
      [
        'one waits for something else',
        () => other.change('r3', 'queued', { waitsFor: 'a slot' }, []),
        { queued: [{ id: 'r3', waitsFor: 'a slot' }], left: [] },
      ],
      [
        'one is to stop',
        () => other.requestStop('r2', STOP),
        { queued: [{ id: 'r2', stop: STOP }], left: [] },
      ],
      [
        'one has started',
        () => store.change('r1', 'queued', { state: 'starting', startedAtMs: 2 }, []),
        { queued: [], left: ['r1'] },
      ],
      [
        'it is put back',
        () => store.change('r1', 'starting', { state: 'queued' }, []),
        { queued: [{ id: 'r1' }], left: [] },
      ],
      [
        'one is over',
        () =>
          other.change('r2', 'queued', { state: 'concluded', verdict: PASSED, concludedAtMs: 3 }, [
            aCheck('r2', 1, { terminal: true }),
          ]),
        { queued: [], left: ['r2'] },
      ],
      ['a swap is lost', () => store.change('r1', 'running', { stage: 'up' }, []), { queued: [], left: [] }],
    ]
    let { upTo } = first
    for (const [what, write, news] of story) {
      await write()
      const heard = await store.queueSince(upTo)
      expect(heard, what).toMatchObject(news)
      upTo = heard.upTo
      expect(await store.queueSince(upTo), `after: ${what}`).toEqual({ upTo, queued: [], left: [] })
    }
    expect((await store.queueSince(null)).queued.map(({ id }) => id).toSorted()).toEqual(['r1', 'r3'])
  })

  test('R-QUE-05 what a queued run has become by a move of its repository is told', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    await decide({ runs: [aRun('r1')], reports: [aCheck('r1', 0)] })
    const { upTo } = await store.queueSince(null)
    const move = { repositoryId: '42', from: 'acme/site', to: 'acme/shop', installationId: 8, atMs: 5 }
    await decide({ moves: [{ ...move, cloneUrl: 'https://github.test/acme/shop.git' }] })
    expect((await store.queueSince(upTo)).queued).toMatchObject([{ id: 'r1' }])
  })
}
