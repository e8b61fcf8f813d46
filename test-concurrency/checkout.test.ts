import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { textOf } from './fixtures/records.ts'
import { test } from './fixtures/test.ts'
import type { World } from './fixtures/world.ts'

describe('the checkout of a run', () => {
  test('R-LCK-14 R-RUN-18 whose commit a fresh clone by another run takes away between its fetch and its copy: it fetches once more', async ({
    world,
  }) => {
    world.recipe('app', { stages: { show: 'git rev-parse HEAD >"$BERTH_ARTIFACTS/head"' } })
    const [one, two] = [branch(world, 'one'), branch(world, 'two')]
    // The first copy of the first run finds no mirror; its second one comes right after its fetch.
    const copies = parkCopy(world, 2)
    const first = await world.run('app', '--pr', '1', '--ref', 'one')
    await copies.gate.reached()
    const mirror = onlyMirror(world)
    const { ino } = statSync(mirror)
    expect(has(mirror, one)).toBe(true)
    // As a fetch leaves it that was killed: the next one for this pull request fails, and clones anew.
    writeFileSync(join(mirror, 'refs/berth/pr-2.lock'), '')
    const second = await world.run('app', '--pr', '2', '--ref', 'two')
    await second.cli.endedWith(0)
    expect(statSync(mirror).ino).not.toBe(ino)
    expect([has(mirror, one), has(mirror, two)]).toEqual([false, true])
    copies.gate.go()
    await first.cli.endedWith(0)
    expect(textOf(join(first.folder, 'artifacts/head'))).toBe(`${one}\n`)
    expect(textOf(join(second.folder, 'artifacts/head'))).toBe(`${two}\n`)
    expect(copies.count()).toBe(5)
  })
})

/** A branch with one commit of its own, and that commit. */
function branch({ repo }: World, name: string): string {
  const git = (...words: readonly string[]) =>
    execFileSync('git', ['-C', repo, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words], {
      encoding: 'utf8',
    }).trim()
  const sha = git('commit-tree', '-p', 'HEAD', '-m', name, 'HEAD^{tree}')
  git('branch', name, sha)
  return sha
}

/** From now on the n-th copy out of a mirror stops before it begins: git is found first in the path as a script that then becomes the real one. */
function parkCopy(world: World, at: number) {
  const gate = world.gate('copy')
  const bin = join(world.root, 'bin')
  const copies = join(world.root, 'copies')
  mkdirSync(bin)
  writeFileSync(copies, '')
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh
case " $* " in
  *" pack-objects "*)
    echo copy >>'${copies}'
    if [ "$(grep -c . '${copies}')" = ${at} ]; then
      echo "copy $$" >'${world.gates}/copy.here'
      read -r _ <'${world.gates}/copy.go'
    fi ;;
esac
PATH=\${PATH#*:}
exec git "$@"
`,
  )
  chmodSync(join(bin, 'git'), 0o755)
  world.prependPath(bin)
  return { gate, count: () => textOf(copies).split('\n').length - 1 }
}

function onlyMirror({ state }: World): string {
  const mirrors = join(state, 'mirrors')
  const names = readdirSync(mirrors).filter((name) => name.endsWith('.git'))
  expect(names).toHaveLength(1)
  return join(mirrors, names[0] ?? '')
}

function has(mirror: string, sha: string): boolean {
  try {
    execFileSync('git', ['-C', mirror, 'cat-file', '-e', `${sha}^{commit}`], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}
