import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readdirSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { stopped } from './fixtures/crash.ts'
import { isAlive, kill } from './fixtures/kernel.ts'
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
    const copies = parkGit(world, 'pack-objects', 2)
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

  test.for(['fetch', 'pack-objects', 'index-pack', 'checkout'])(
    'R-RUN-07 R-RUN-03 whose process is killed while git %s is slow: that git is gone before the teardown command, and the next run has the mirror',
    async (word, { world }) => {
      const slow = parkGit(world, word, 1)
      world.recipe('app', { teardown: `${ALIVE} >>"$TRACE"` })
      writeFileSync(join(world.root, 'git'), '')
      const run = await world.run('app')
      const git = await slow.gate.reached()
      writeFileSync(join(world.root, 'git'), `${git.pid}`)
      kill(run.conductor().pid, 'SIGKILL')
      await run.cli.endedWith(70)
      expect(run.result()).toMatchObject({ reason: 'harness_fault', verified: true })
      expect(isAlive(git.pid)).toBe(false)
      expect(world.trace()).toEqual([`${run.id} ended`])
      world.recipe('app', { stages: { show: 'true' }, teardown: 'true' })
      ageLocks(world)
      await world.berth('run', 'app').endedWith(0)
    },
  )

  test('R-RUN-07 whose git somebody has stopped for good: a cancel ends it all the same', async ({
    world,
  }) => {
    world.recipe('app')
    const slow = parkGit(world, 'pack-objects', 2)
    const run = await world.run('app')
    const git = await slow.gate.reached()
    await stopped(git.pid)
    await world.berth('cancel', run.id).endedWith(0)
    await run.cli.endedWith(143)
    expect(run.result()).toMatchObject({ conclusion: 'cancelled', verified: true })
    expect(isAlive(git.pid)).toBe(false)
  })
})

/** Tells whether the process that the test has named lives still; a zombie does not. */
const ALIVE =
  'if grep -qs "^State:.[^ZX]" "/proc/$(cat "$SITES/../git")/status"; then echo "$BERTH_RUN_ID ALIVE"; else echo "$BERTH_RUN_ID ended"; fi'

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

/** From now on the n-th git of this word stops before it begins: git is found first in the path as a script that then becomes the real one. */
function parkGit(world: World, word: string, at: number) {
  const gate = world.gate('git')
  const bin = join(world.root, 'bin')
  const calls = join(world.root, 'calls')
  mkdirSync(bin)
  writeFileSync(calls, '')
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh
case " $* " in
  *" ${word} "*)
    echo git >>'${calls}'
    if [ "$(grep -c . '${calls}')" = ${at} ]; then
      echo "git $$" >'${world.gates}/git.here'
      read -r _ <'${world.gates}/git.go'
    fi ;;
esac
PATH=\${PATH#*:}
exec git "$@"
`,
  )
  chmodSync(join(bin, 'git'), 0o755)
  world.prependPath(bin)
  return { gate, count: () => textOf(calls).split('\n').length - 1 }
}

/** The lock of a mirror whose owner was killed is a dead one's after half a minute. */
function ageLocks({ state }: World): void {
  const locks = readdirSync(join(state, 'mirrors')).filter((name) => name.endsWith('.lock'))
  for (const lock of locks) utimesSync(join(state, 'mirrors', lock), 0, 0)
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
