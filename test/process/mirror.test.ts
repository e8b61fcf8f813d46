import { statSync } from 'node:fs'
import { describe, expect } from 'vitest'
import { fetchIntoMirror } from '../../src/process/mirror.ts'
import { gitIn, requestOf, type Scene, test } from './repositories.ts'

describe('the tags in a mirror', () => {
  test('R-RUN-18 are all that the repository has, those outside of the history of the commit, too', async ({
    scene,
  }) => {
    const { origin } = scene
    const base = origin.commit({ a: 'base\n' })
    const released = origin.commit({ a: 'released\n' })
    origin.git('tag', '-a', '1.2.0+2.14.1', '-m', 'The last release')
    origin.git('switch', '-q', '-c', 'change', base)
    await fetch(scene, 1, origin.commit({ a: 'change\n' }))
    expect(gitIn(scene.mirror, 'rev-parse', '1.2.0+2.14.1^{commit}')).toBe(released)
    expect(gitIn(scene.mirror, 'show', `${released}:a`)).toBe('released')
  })

  test('R-RUN-18 follow when they move, go, or give way to a folder; no fetch fails, and the mirror stays the one that it was', async ({
    scene,
  }) => {
    const { origin } = scene
    const first = origin.commit({ a: 'first\n' })
    for (const name of ['moves', 'goes', 'v1']) origin.git('tag', '-a', name, '-m', name)
    await fetch(scene, 1, first)
    const { ino } = statSync(scene.mirror)
    const second = origin.commit({ a: 'second\n' })
    origin.git('tag', '-d', 'goes', 'v1')
    origin.git('tag', '-f', 'moves')
    origin.git('tag', 'v1/1')
    await fetch(scene, 2, second)
    expect(refsOf(scene)).toEqual([
      `${first} refs/berth/pr-1`,
      `${second} refs/berth/pr-2`,
      `${second} refs/tags/moves`,
      `${second} refs/tags/v1/1`,
    ])
    expect(statSync(scene.mirror).ino).toBe(ino)
  })

  test('R-RUN-18 named like our refs, like a commit or like an option touch nothing but themselves', async ({
    scene,
  }) => {
    const { origin } = scene
    const first = origin.commit({ a: 'first\n' })
    const second = origin.commit({ a: 'second\n' })
    const names = [first, 'berth/pr-1', 'pr-1', '--upload-pack=evil', 'refs/berth/pr-1']
    for (const name of names) origin.git('update-ref', `refs/tags/${name}`, second)
    await fetch(scene, 1, first)
    await fetch(scene, 1, first)
    const tags = names.map((name) => `${second} refs/tags/${name}`)
    expect(refsOf(scene).toSorted()).toEqual([`${first} refs/berth/pr-1`, ...tags].toSorted())
  })

  test('R-RUN-18 stay as they are when a fetch finds no commit', async ({ scene }) => {
    const { origin } = scene
    const first = origin.commit({ a: 'first\n' })
    origin.git('tag', 'v1')
    await fetch(scene, 1, first)
    const before = refsOf(scene)
    await expect(fetch(scene, 1, 'f'.repeat(40))).rejects.toMatchObject({ code: 'GIT' })
    expect(refsOf(scene)).toEqual(before)
  })
})

async function fetch({ state, origin }: Scene, pr: number, sha: string): Promise<void> {
  const options = { run: `run-${pr}`, signal: new AbortController().signal }
  await fetchIntoMirror({
    mirrors: state.mirrors,
    request: requestOf(`run-${pr}`, pr, sha, origin),
    options,
  })
}

function refsOf({ mirror }: Scene): readonly string[] {
  return gitIn(mirror, 'for-each-ref', '--format=%(objectname) %(refname)').split('\n')
}
