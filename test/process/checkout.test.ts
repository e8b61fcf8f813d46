import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { deflateSync } from 'node:zlib'
import { afterEach, describe, expect, vi } from 'vitest'
import { gitIn, type Origin, type Scene, test } from './repositories.ts'

const USER = { uid: 61_234, gid: 61_234 }

afterEach(() => vi.unstubAllEnvs())

describe('a checkout', () => {
  test('R-RUN-18 is at the pinned commit, clean, with all of its history, and with no remote, branch or tag', async ({
    scene: { origin, checkOut },
  }) => {
    origin.commit({ 'README.md': 'first\n' })
    origin.git('tag', '-a', 'v1', '-m', 'v1')
    const pinned = origin.commit({ 'README.md': 'second\n', 'deep/er/file': 'x\n' })
    origin.commit({ 'README.md': 'pushed later\n' })
    const { work } = await checkOut(pinned)
    const git = (...words: readonly string[]) => gitIn(work, ...words)
    expect(git('rev-parse', 'HEAD')).toBe(pinned)
    expect(git('log', '--format=%s')).toBe('README.md deep/er/file\nREADME.md')
    expect(git('status', '--porcelain', '--ignored')).toBe('')
    expect(git('for-each-ref', '--format=%(objectname) %(refname)')).toBe(`${pinned} refs/berth/head`)
    expect([git('remote'), git('branch', '--show-current'), git('tag')]).toEqual(['', '', ''])
    expect(git('describe', '--always')).toBe(git('rev-parse', '--short', 'HEAD'))
    expect(git('fsck', '--strict', '--no-dangling')).toBe('')
    expect(git('count-objects', '-v')).toMatch(/^packs: 1$[^]*^garbage: 0$/m)
    git('switch', '-q', '-c', 'of-a-stage')
    git('commit', '-q', '--allow-empty', '-m', 'A stage may commit')
    expect(git('reflog', '--format=%gs').split('\n')).toHaveLength(3)
  })

  test('R-RUN-18 looks to git like one that `git init` has begun', async ({ scene }) => {
    const { work } = await scene.checkOut(scene.origin.commit({ a: 'a\n' }))
    const theirs = join(scene.root, 'theirs')
    gitIn(scene.root, 'init', '-q', '--template=', theirs)
    expect(readFileSync(join(work, '.git/config'), 'utf8')).toBe(
      readFileSync(join(theirs, '.git/config'), 'utf8'),
    )
    const folders = readdirSync(join(theirs, '.git'), { recursive: true, encoding: 'utf8' })
    for (const path of folders) expect(existsSync(join(work, '.git', path)), path).toBe(true)
  })

  test('R-RUN-18 shares nothing with the mirror, and is whole without it', async ({ scene }) => {
    const sha = scene.origin.commit({ a: 'a\n' })
    await scene.checkOut(sha)
    const before = look(scene.mirror)
    const { work } = await scene.checkOut(sha)
    expect(look(scene.mirror)).toEqual(before)
    const mirrored = new Set(look(scene.mirror).map(({ ino }) => ino))
    for (const { path, ino, links } of look(work)) {
      expect(mirrored.has(ino), path).toBe(false)
      expect(links, path).toBe(1)
    }
    expect(existsSync(join(work, '.git/objects/info/alternates'))).toBe(false)
    rmSync(scene.mirror, { recursive: true })
    expect(gitIn(work, 'fsck', '--strict', '--no-dangling')).toBe('')
  })

  test.runIf(process.getuid?.() === 0)(
    'R-RUN-18 R-RUN-20 belongs to the user that stages run as, who cannot look into the mirror (needs root)',
    async ({ scene }) => {
      const passwd = join(scene.root, 'passwd')
      writeFileSync(passwd, '')
      const sha = commitTree(scene.origin, [['120000', 'link', passwd]])
      const run = await scene.checkOut(sha, { runAs: USER })
      for (const folder of [run.work, run.home, run.artifacts])
        for (const { path, uid, gid } of [{ path: folder, ...lstatSync(folder) }, ...look(folder)])
          expect({ path, uid, gid }).toEqual({ path, ...USER })
      expect(lstatSync(passwd).uid).toBe(0)
      for (const { path, uid } of look(scene.mirror)) expect({ path, uid }).toEqual({ path, uid: 0 })
      const asUser = (...words: readonly string[]) =>
        execFileSync('setpriv', [`--reuid=${USER.uid}`, `--regid=${USER.gid}`, '--clear-groups', ...words], {
          encoding: 'utf8',
          stdio: 'pipe',
          env: { PATH: process.env['PATH'] ?? '', HOME: run.home },
        })
      expect(asUser('git', '-C', run.work, 'status', '--porcelain')).toBe('')
      expect(() => asUser('ls', scene.mirror)).toThrow('Permission denied')
    },
  )
})

describe('a hostile repository', () => {
  test.for([
    ['a folder .git', [['040000', '.git', 'hooks']]],
    ['a folder .GIT, as some filesystems spell it', [['040000', '.GIT', 'hooks']]],
    ['a folder ..', [['040000', '..', 'hooks']]],
    ['a link .git that leads out', [['120000', '.git', '../outside']]],
  ] as const)(
    'R-RUN-18 with %s is refused by git, and nothing is written or run',
    async ([, entries], { scene }) => {
      const outside = join(scene.root, 'outside')
      mkdirSync(outside)
      const sha = commitTree(scene.origin, entries)
      await expect(scene.checkOut(sha)).rejects.toMatchObject({ code: 'GIT' })
      expect(readdirSync(outside)).toEqual([])
      expect(readdirSync(join(scene.state.runs, 'run1')).sort()).toEqual(['artifacts', 'home', 'work'])
      expect(existsSync(join(scene.state.runs, 'run1/work/.git/hooks'))).toBe(false)
    },
  )

  test('R-RUN-18 with a link that leads out and a folder of the same name has nothing written at the link’s end', async ({
    scene,
  }) => {
    const outside = join(scene.root, 'outside')
    mkdirSync(outside)
    const sha = commitTree(scene.origin, [
      ['120000', 'a', outside],
      ['040000', 'a', 'evil'],
    ])
    await scene.checkOut(sha)
    expect(readdirSync(outside)).toEqual([])
  })

  test('R-RUN-18 with hooks, filters, submodules, an LFS address and configuration is checked out as it is; none of it runs', async ({
    scene: { root, origin, checkOut },
  }) => {
    const marker = join(root, 'ran')
    const evil = `#!/bin/sh\necho ran >>${marker}\n`
    const settings = [
      '[core]\n\tfsmonitor = ./evil\n\thooksPath = hooks\n\tsshCommand = ./evil',
      '[filter "lfs"]\n\tsmudge = ./evil\n\tprocess = ./evil\n\trequired = true',
      '[filter "evil"]\n\tsmudge = ./evil',
    ].join('\n')
    const module = (url: string) => `[submodule "sub"]\n\tpath = sub\n\turl = ${url}\n\tupdate = !./evil\n`
    const files = {
      evil,
      'hooks/post-checkout': evil,
      '.gitconfig': settings,
      '.lfsconfig': '[lfs]\n\turl = http://127.0.0.1:1/\n',
      '.gitattributes': '*.bin filter=lfs diff=lfs merge=lfs -text\n*.txt filter=evil ident\n',
      '.gitmodules': module('ext::sh -c ./evil'),
      'large.bin': 'version https://git-lfs.github.com/spec/v1\n',
      'a.txt': 'a\n',
    }
    for (const path of ['.git/hooks/post-checkout', '.git/hooks/pre-push']) {
      mkdirSync(join(origin.folder, '.git/hooks'), { recursive: true })
      writeFileSync(join(origin.folder, path), evil, { mode: 0o755 })
    }
    writeFileSync(join(origin.folder, 'evil'), evil, { mode: 0o755 })
    const first = origin.commit(files)
    origin.git('update-index', '--add', '--cacheinfo', `160000,${first},sub`)
    origin.git('commit', '-q', '-m', 'A submodule')
    const { work } = await checkOut(origin.git('rev-parse', 'HEAD'))
    expect(readFileSync(join(work, 'large.bin'), 'utf8')).toBe(files['large.bin'])
    expect(readdirSync(join(work, 'sub'))).toEqual([])
    expect(existsSync(join(work, '.git/modules'))).toBe(false)
    expect(existsSync(marker)).toBe(false)
  })

  test('R-RUN-18 with links that lead out keeps them as links; names like options and refs are files', async ({
    scene: { origin, checkOut },
  }) => {
    const sha = commitTree(origin, [
      ['100644', '--upload-pack=evil', 'x'],
      ['120000', 'a', '/etc/passwd'],
      ['120000', 'b', '../../../../mirrors'],
      ['100644', 'refs', 'x'],
    ])
    const { work } = await checkOut(sha)
    expect(readdirSync(work)).toEqual(['--upload-pack=evil', '.git', 'a', 'b', 'refs'])
    expect(readlinkSync(join(work, 'b'))).toBe('../../../../mirrors')
  })

  test('R-RUN-18 with branches and tags named like the commit, an option or our refs: the pinned commit is what stands there', async ({
    scene: { origin, checkOut },
  }) => {
    const pinned = origin.commit({ a: 'pinned\n' })
    const other = origin.commit({ a: 'other\n' })
    for (const name of [pinned, 'berth/head', 'berth/pr-1', 'HEAD', '-q']) {
      origin.git('update-ref', `refs/tags/${name}`, other)
      origin.git('update-ref', `refs/heads/${name}`, other)
    }
    const { work } = await checkOut(pinned)
    expect(gitIn(work, 'rev-parse', 'HEAD')).toBe(pinned)
    expect(readFileSync(join(work, 'a'), 'utf8')).toBe('pinned\n')
  })
})

describe('a checkout that cannot be had', () => {
  test('R-RUN-16 of a commit that is nowhere names the commit', async ({ scene }) => {
    scene.origin.commit({ a: 'a\n' })
    await expect(scene.checkOut('0'.repeat(39) + '1')).rejects.toThrow(/^git .*not our ref 0+1/s)
  })

  test('R-RUN-16 without mirror and repository tells git’s own words, not that a pipe broke', async ({
    scene,
  }) => {
    const sha = scene.origin.commit({ a: 'a\n' })
    rmSync(scene.origin.folder, { recursive: true })
    await expect(scene.checkOut(sha)).rejects.toThrow(
      new RegExp(`^git .*fetch.* failed: .*${scene.origin.folder}`, 's'),
    )
  })

  test.for([
    ['cut short', (object: Buffer) => object.subarray(0, 8)],
    ['gone', () => null],
    ['forged: whole, with another content', () => deflateSync('blob 7\0forged\n')],
  ] as const)(
    'R-RUN-18 from a mirror in which a file is %s is had from a fresh clone',
    async ([, damage], { scene }) => {
      const sha = scene.origin.commit({ a: 'intact\n' })
      await scene.checkOut(sha)
      const blob = scene.origin.git('rev-parse', `${sha}:a`)
      const path = join(scene.mirror, 'objects', blob.slice(0, 2), blob.slice(2))
      const damaged = damage(readFileSync(path))
      rmSync(path)
      if (damaged !== null) writeFileSync(path, damaged)
      const { work } = await scene.checkOut(sha)
      expect(readFileSync(join(work, 'a'), 'utf8')).toBe('intact\n')
    },
  )

  test.for(['pack-objects', 'index-pack', 'fetch', 'checkout'])(
    'R-RUN-22 is stopped in the middle of git %s: it says so, and no git lives on',
    async (verb, { scene }) => {
      const sha = scene.origin.commit({ a: 'a\n' })
      const cancel = new AbortController()
      const pids = parkGit(scene, verb, () => cancel.abort())
      await expect(scene.checkOut(sha, { signal: cancel.signal })).rejects.toMatchObject({ code: 'GIT' })
      expect(pids().length).toBeGreaterThan(0)
      for (const pid of pids()) expect(existsSync(`/proc/${pid}`), `git ${pid}`).toBe(false)
    },
  )
})

/** All below a folder, by paths in it. */
function look(folder: string) {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((path) => ({ path, stat: lstatSync(join(folder, path)) }))
    .map(({ path, stat }) => {
      const { ino, uid, gid, mtimeMs } = stat
      return { path, ino, uid, gid, mtimeMs, links: stat.isDirectory() ? 1 : stat.nlink }
    })
}

/** A commit that no honest git makes: the content of a file, the target of a link, or for a folder the name of the folder in it. */
function commitTree(origin: Origin, entries: readonly (readonly [string, string, string])[]): string {
  const write = (type: string, content: Buffer | string) =>
    execFileSync('git', ['-C', origin.folder, 'hash-object', '-t', type, '-w', '--literally', '--stdin'], {
      encoding: 'utf8',
      input: content,
    }).trim()
  const tree = (of: readonly (readonly [string, string, string])[]): string =>
    write(
      'tree',
      Buffer.concat(
        of.flatMap(([mode, name, content]) => [
          Buffer.from(`${mode.replace(/^0/, '')} ${name}\0`),
          Buffer.from(
            mode === '040000' ? tree([['100755', content, '#!/bin/sh\n']]) : write('blob', content),
            'hex',
          ),
        ]),
      ),
    )
  return origin.git('commit-tree', '-m', 'Hostile', tree(entries))
}

/** From now on git, found first in the path, stops for good where this verb is its, which is told once; pids of all gits so far. */
function parkGit({ root }: Scene, verb: string, parked: () => void): () => readonly number[] {
  const bin = join(root, 'bin')
  const pids = join(root, 'pids')
  mkdirSync(bin)
  writeFileSync(
    join(bin, 'git'),
    `#!/bin/sh
echo $$ >>'${pids}'
PATH=\${PATH#*:}
case " $* " in *" ${verb} "*) mkdir '${root}/parked'; exec sleep 1000 ;; esac
exec git "$@"
`,
  )
  chmodSync(join(bin, 'git'), 0o755)
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`)
  const watcher = watch(root, (_, name) => {
    if (name !== 'parked') return
    watcher.close()
    parked()
  })
  return () => readFileSync(pids, 'utf8').trim().split('\n').map(Number)
}
