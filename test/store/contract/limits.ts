import { expect, test } from 'vitest'
import type { EndReason } from '../../../src/model/run.ts'
import { aCheck, aRun, SHA } from '../samples.ts'
import { deciding, type Factory } from './deeds.ts'

export function limits(records: Factory): void {
  test('R-CMD-09 what is used up is found by its kind, whatever is in its name', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    await decide({ atMs: 1_000, uses: ['actor:a_b', 'actor:axb', 'pr:1:1'] })
    await decide({ atMs: 2_000, uses: ['actor:a_b', 'actor:%', 'pr:1:1'] })
    expect(await store.usedUp('actor:', 2, 0)).toEqual([{ key: 'actor:a_b', uses: [2_000, 1_000] }])
    expect(await store.usedUp('actor:', 2, 1_001)).toEqual([])
    expect(await store.usedUp('actor:_', 1, 0)).toEqual([])
  })

  test('R-CMD-09 uses are forgotten after a week, also those of a key that is never used again', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    const weekMs = 7 * 24 * 3_600_000
    await decide({ atMs: 1_000, uses: ['repeat:x'] })
    await decide({ atMs: 1_000 + weekMs, uses: ['actor:y'] })
    expect(await store.usesSince('repeat:x', 0)).toEqual([1_000])
    await decide({ atMs: 1_001 + weekMs, uses: ['actor:y'] })
    expect(await store.usesSince('repeat:x', 0)).toEqual([])
  })

  test('R-QUE-15 R-CMD-09 a row of crashes is of one recipe, pull request and commit; what never began is no part of it', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    let n = 0
    async function ended(
      reason: EndReason,
      change: Parameters<typeof aRun>[1] = {},
      begins = true,
    ): Promise<void> {
      const id = `r${++n}`
      await decide({ runs: [aRun(id, change)], reports: [aCheck(id, 0)] })
      if (begins) await store.change(id, 'queued', { state: 'starting', startedAtMs: 1 }, [])
      const verdict = { conclusion: 'failure', reason, title: `harness: ${n}`, exitCode: 70 } as const
      const end = { state: 'concluded', concludedAtMs: 1_000 + n, verdict } as const
      await store.change(id, begins ? 'starting' : 'queued', end, [aCheck(id, 1, { terminal: true })])
    }
    await ended('harness_fault')
    await ended('not_cleaned', { pr: 13 })
    await ended('lock_lost', { recipe: 'world' })
    await ended('harness_fault', { sha: 'f'.repeat(40) })
    await ended('not_cleaned')
    expect(await store.crashLoops(3, 0)).toEqual([])
    await ended('cancelled', {}, false)
    await ended('not_started')
    const loop = {
      repositoryId: '42',
      repository: 'acme/site',
      pr: 12,
      recipe: 'hello',
      sha: SHA,
      times: 3,
      lastAtMs: 1_007,
      title: 'harness: 7',
    }
    expect(await store.crashLoops(3, 0)).toEqual([loop])
    expect(await store.crashLoops(3, 1_006)).toEqual([loop])
    expect(await store.crashLoops(3, 1_007), 'its pause is over').toEqual([])
    await ended('stage_failed')
    expect(await store.crashLoops(3, 0)).toEqual([])
  })

  test('R-CMD-07 of an approval and its end the younger counts, in whatever order they are decided', async () => {
    await using bed = await records()
    const { store, decide } = await deciding(bed)
    const given = { repositoryId: '42', pr: 12, sha: SHA, actor: 'octocat', revoked: false, atMs: 1_000 }
    const ended = { ...given, revoked: true, atMs: 2_000 }
    await decide({ approvals: [ended] })
    await decide({ approvals: [given] })
    expect(await store.approvals('42', 12)).toEqual([ended])
    await decide({ approvals: [{ ...given, atMs: 3_000 }] })
    expect(await store.approval('42', 12, SHA)).toMatchObject({ revoked: false, atMs: 3_000 })
    expect(await store.approvals('42', 13)).toEqual([])
  })
}
