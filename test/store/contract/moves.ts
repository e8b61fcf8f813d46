import { expect, test } from 'vitest'
import { aCheck, aReaction, aRun } from '../samples.ts'
import { deciding, type Factory } from './deeds.ts'

export function moves(records: Factory): void {
  test('R-REP-02 a move takes pending reports of its repository along, and no other’s: not what is sent, nor what a newer repository of the old name has', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    const other = { repositoryId: '43', repository: 'acme/other' }
    await decide({
      runs: [aRun('r1'), aRun('r2', other)],
      reports: [
        aCheck('r1', 0),
        aCheck('r2', 0, { repository: 'acme/other' }),
        aReaction(1),
        { ...aReaction(2), repository: 'ACME/Site' },
      ],
    })
    const sent = (await store.dueReports(9_000, 9)).find(({ key }) => key === 'reaction:1')
    await store.reportSent(sent?.seq ?? 0, 1_000, null)
    const move = {
      repositoryId: '42',
      from: 'acme/site',
      to: 'acme/new',
      cloneUrl: 'https://x/acme/new.git',
      installationId: 8,
      atMs: 2_000,
    }
    await decide({ moves: [move] })
    const targets = async () =>
      (await store.dueReports(9_000, 9)).map(({ key, repository, installationId }) => [
        key,
        repository,
        installationId,
      ])
    expect(await targets()).toEqual([
      ['check:r1:0', 'acme/new', 8],
      ['check:r2:0', 'acme/other', 7],
      ['reaction:2', 'acme/new', 8],
    ])
    await decide({ moves: [{ ...move, from: 'acme/new', to: 'acme/newer', atMs: -100_000 }] })
    expect(
      (await targets()).map(([, name]) => name),
      'an older move, heard of late',
    ).toEqual(['acme/new', 'acme/other', 'acme/new'])
  })

  test('R-REP-04 an end that was sent or given up before its repository moved goes to the new place when it is sent once more', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    await decide({ runs: [aRun('sent'), aRun('failed')], reports: [aCheck('sent', 0), aCheck('failed', 0)] })
    await decide({ reports: [{ ...aReaction(3), key: 'reaction:given up' }] })
    const ends = ['sent', 'failed'].map((id) => aCheck(id, 1, { terminal: true }))
    await store.addReports(ends)
    for (const { seq, key } of await store.dueReports(9_000, 9))
      if (key.startsWith('check:sent')) await store.reportSent(seq, 1_000, 11)
      else await store.reportFailed(seq, 'HTTP 404', 1_000)
    const to = { repositoryId: '42', from: 'acme/site', to: 'beta/site', cloneUrl: 'https://x/beta/site.git' }
    await decide({ moves: [{ ...to, installationId: 8, atMs: 2_000 }] })
    expect(await store.resendEnd('sent', 3_000)).toBe(true)
    expect(await store.retryReport('check:failed:1', 3_000)).toBe('again')
    expect(await store.retryReport('reaction:given up', 3_000)).toBe('again')
    const targets = (await store.dueReports(9_000, 9)).map(({ key, repository, installationId }) => [
      key,
      repository,
      installationId,
    ])
    expect(targets.toSorted()).toEqual([
      ['check:failed:1', 'beta/site', 8],
      ['check:sent:1', 'beta/site', 8],
      ['reaction:given up', 'beta/site', 8],
    ])
  })
}
