import { existsSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { checkOutRelease, releaseOf } from '../../../src/drivers/stack/releasedCheckout.ts'
import type { RunAs } from '../../../src/model/run.ts'
import type { RunPaths } from '../../../src/store/runFolder.ts'
import { gitIn, requestOf, type Scene, test } from '../../process/repositories.ts'

const USER = { uid: 61_234, gid: 61_234 }

/** The checkout of the release for a run at this commit. */
async function releaseBefore(scene: Scene, sha: string, runAs: RunAs | null = null): Promise<RunPaths> {
  const run = await scene.checkOut(sha, { runAs })
  const request = { ...requestOf(run.id, 1, sha, scene.origin), runAs }
  const { signal } = new AbortController()
  await checkOutRelease({ request, run, mirrors: scene.state.mirrors, cloneToken: null, signal })
  return run
}

function textIn(folder: string): string {
  return readFileSync(join(folder, 'compose.yml'), 'utf8')
}

describe('the last release before a commit', () => {
  test('R-DKR-07 stands beside the checkout with its own files, whoever tags later or elsewhere', async ({
    scene,
  }) => {
    const { origin } = scene
    origin.commit({ 'compose.yml': 'one' })
    origin.git('tag', '1.9.0+2.0.0')
    const released = origin.commit({ 'compose.yml': 'two' })
    origin.git('tag', '-a', '1.10.0+2.0.0', '-m', 'with a message')
    origin.git('tag', 'no-version')
    const pinned = origin.commit({ 'compose.yml': 'the pull request' })
    origin.git('tag', '1.11.0+2.1.0')
    origin.commit({ 'compose.yml': 'later' })
    origin.git('tag', '2.0.0+3.0.0')
    origin.git('switch', '-q', '-c', 'maintenance', '1.9.0+2.0.0')
    origin.commit({ 'compose.yml': 'a fix of the old one' })
    origin.git('tag', '1.10.1+2.0.0')

    const run = await releaseBefore(scene, pinned)
    expect(releaseOf(run)).toEqual({ name: '1.10.0+2.0.0', commit: released })
    expect(textIn(run.released)).toBe('two')
    expect(textIn(run.work)).toBe('the pull request')
    expect(gitIn(run.released, 'rev-parse', 'HEAD')).toBe(released)
  })

  test('R-DKR-07 is found though the mirror had the commit before the release was tagged', async ({
    scene,
  }) => {
    const { origin } = scene
    const first = origin.commit({ 'compose.yml': 'one' })
    const pinned = origin.commit({ 'compose.yml': 'two' })
    const early = await releaseBefore(scene, pinned)
    expect(releaseOf(early)).toBe(null)
    expect(existsSync(early.released)).toBe(false)
    origin.git('tag', '1.0.0+1.0.0', first)
    expect(releaseOf(await releaseBefore(scene, pinned))).toEqual({ name: '1.0.0+1.0.0', commit: first })
  })

  test.runIf(process.getuid?.() === 0)(
    'R-DKR-07 belongs to the user that stages run as (needs root)',
    async ({ scene }) => {
      scene.origin.commit({ 'compose.yml': 'one' })
      scene.origin.git('tag', '1.0.0+1.0.0')
      const run = await releaseBefore(scene, scene.origin.commit({ 'compose.yml': 'two' }), USER)
      for (const path of [run.released, join(run.released, 'compose.yml')])
        expect(statSync(path).uid, path).toBe(USER.uid)
      expect(statSync(run.release).uid).toBe(0)
    },
  )
})
