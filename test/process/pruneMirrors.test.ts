import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'vitest'
import { noteUse } from '../../src/process/mirror.ts'
import { type MirrorPruning, pruneMirrors } from '../../src/process/pruneMirrors.ts'
import { type Scene, test } from './repositories.ts'

const DAY_MS = 86_400_000
const RUN = '01m7xj306c77rt38'

function pruning({ state }: Scene, more: Partial<MirrorPruning> = {}): MirrorPruning {
  return {
    paths: state,
    unusedMs: 30 * DAY_MS,
    nowMs: Date.now(),
    mayGoOn: () => true,
    dryRun: false,
    ...more,
  }
}

function unusedSince(path: string, days: number): void {
  const then = new Date(Date.now() - days * DAY_MS)
  utimesSync(path, then, then)
}

test('R-JAN-11 a mirror that no run has used for so long goes; a copy is a use, a fetch or not', async ({
  scene,
}) => {
  const sha = scene.origin.commit({ a: 'a\n' })
  await scene.checkOut(sha)
  const pack = readdirSync(join(scene.mirror, 'objects'))
  unusedSince(scene.mirror, 31)
  await scene.checkOut(sha)
  expect(readdirSync(join(scene.mirror, 'objects')), 'nothing was fetched').toEqual(pack)
  expect(await pruneMirrors(pruning(scene))).toEqual([])
  unusedSince(scene.mirror, 31)
  const why = 'no run has used it for 31 days, and mirrors are kept for 30'
  const found = { what: 'mirror', name: 'local-1.git', why }
  expect(await pruneMirrors(pruning(scene, { dryRun: true }))).toEqual([{ ...found, action: 'would prune' }])
  expect(await pruneMirrors(pruning(scene))).toEqual([{ ...found, action: 'pruned' }])
  expect(readdirSync(scene.state.mirrors).filter((entry) => entry.includes('local-1'))).toEqual([])
  await scene.checkOut(sha)
})

test('R-JAN-11 R-LCK-14 one that somebody fetches into stays; so does one that a run begins to use just then', async ({
  scene,
}) => {
  await scene.checkOut(scene.origin.commit({ a: 'a\n' }))
  unusedSince(scene.mirror, 31)
  const { ino } = statSync(scene.mirror)
  mkdirSync(`${scene.mirror}.lock`)
  expect(await pruneMirrors(pruning(scene))).toMatchObject([
    { action: 'untouched', why: 'somebody fetches into it' },
  ])
  execFileSync('rmdir', [`${scene.mirror}.lock`])
  const wish: MirrorPruning = {
    ...pruning(scene),
    // Asked after the look at the mirror's age.
    get dryRun() {
      noteUse(scene.mirror)
      return false
    },
  }
  expect(await pruneMirrors(wish)).toMatchObject([{ action: 'untouched', why: 'a run has begun to use it' }])
  expect(statSync(scene.mirror).ino).toBe(ino)
})

test('R-JAN-11 R-JAN-07 what killed clones and killed sweeps have left goes; a clone of a live run stays', async ({
  scene,
}) => {
  const { mirrors, runs } = scene.state
  await scene.checkOut(scene.origin.commit({ a: 'a\n' }))
  const left = [`local-1.git.${RUN}`, '.gone-local-2.git']
  for (const entry of left) mkdirSync(join(mirrors, entry, 'objects'), { recursive: true })
  mkdirSync(join(mirrors, 'notes.of.mine'))
  mkdirSync(join(runs, RUN))
  expect(await pruneMirrors(pruning(scene))).toMatchObject([{ name: 'local-2.git', action: 'pruned' }])
  const result = {
    run: RUN,
    conclusion: 'cancelled',
    reason: 'cancelled',
    title: '',
    exitCode: 143,
    verified: true,
  }
  writeFileSync(join(runs, RUN, 'result.json'), JSON.stringify(result))
  expect(await pruneMirrors(pruning(scene))).toMatchObject([{ name: left[0], action: 'pruned' }])
  renameSync(join(runs, RUN), join(runs, 'elsewhere'))
  mkdirSync(join(mirrors, left[0] ?? ''))
  expect(await pruneMirrors(pruning(scene))).toMatchObject([{ name: left[0], action: 'pruned' }])
  expect(readdirSync(mirrors)).toEqual(expect.arrayContaining(['local-1.git', 'notes.of.mine']))
})
