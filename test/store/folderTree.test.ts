import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { removeTree, treeBytes, writeIn } from '../../src/store/folderTree.ts'

const ALWAYS = () => true
const IS_ROOT = process.getuid?.() === 0

let root: string
let tree: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'berth-tree-'))
  onTestFinished(() => {
    execFileSync('chmod', ['-R', 'u+rwx', root])
    rmSync(root, { recursive: true, force: true })
  })
  tree = join(root, 'tree')
  mkdirSync(tree)
})

test('R-JAN-11 what stages leave is removed: names of any bytes, read-only folders, links, FIFOs', () => {
  const shell = `
    mkdir -p a/b/c ro/inner none 'with
newline' "$(printf 'bad\\377byte')"
    touch -- a/b/c/file ro/inner/file "$(printf 'bad\\377byte/\\001')" ' ' '-rf' '\\*'
    mkfifo fifo; ln a/b/c/file a/hard; ln -s / all; ln -s "$PWD/.." up; ln -s nowhere broken
    chmod 000 none; chmod 500 ro/inner ro`
  execFileSync('sh', ['-euc', shell], { cwd: tree })
  writeFileSync(join(root, 'beside'), 'stays')
  expect(removeTree(tree, ALWAYS)).toBe(true)
  expect(readdirSync(root)).toEqual(['beside'])
})

test.skipIf(!IS_ROOT)('R-JAN-11 its owner without privileges removes it, too (as root)', () => {
  const shell =
    'mkdir -p ro/inner none/inner; touch ro/inner/file; chmod 0 none/inner none; chmod 500 ro/inner ro'
  const uid = 48_211
  chmodSync(root, 0o711)
  execFileSync('chown', [`${uid}:${uid}`, root, tree])
  execFileSync('sh', ['-euc', shell], { cwd: tree, uid, gid: uid })
  process.seteuid?.(uid)
  try {
    expect(removeTree(tree, ALWAYS)).toBe(true)
  } finally {
    process.seteuid?.(0)
  }
  expect(existsSync(tree)).toBe(false)
})

test('R-JAN-11 depth does not matter: six hundred folders, one in the other', () => {
  // Longer paths than one call takes: one half is moved into the other.
  const half = (from: string) => join(from, ...Array<string>(300).fill('deeper-and'))
  for (const from of ['one', 'two']) mkdirSync(half(join(tree, from)), { recursive: true })
  renameSync(join(tree, 'two'), join(half(join(tree, 'one')), 'two'))
  expect(removeTree(tree, ALWAYS)).toBe(true)
  expect(readdirSync(root)).toEqual([])
  symlinkSync('/usr', tree)
  expect(removeTree(tree, ALWAYS), 'a link in its place').toBe(true)
  expect(readdirSync(root)).toEqual([])
})

test('R-JAN-11 a folder that becomes a link between the look and the removal is not followed', () => {
  const outside = join(root, 'outside')
  mkdirSync(outside)
  writeFileSync(join(outside, 'kept'), '')
  for (const name of ['one', 'two', 'three']) mkdirSync(join(tree, name))
  let swapped = false
  removeTree(tree, () => {
    // All entries have been listed as folders by now.
    if (!swapped)
      for (const name of ['one', 'two', 'three']) {
        rmSync(join(tree, name), { recursive: true })
        symlinkSync(outside, join(tree, name))
      }
    swapped = true
    return true
  })
  expect(readdirSync(outside)).toEqual(['kept'])
  expect(existsSync(tree)).toBe(false)
})

test.skipIf(!IS_ROOT)(
  'R-JAN-11 what is mounted in it stays, with all that is in there; the rest goes (as root)',
  () => {
    const outside = join(root, 'outside')
    for (const folder of [outside, join(tree, 'a/mounted'), join(tree, 'top'), join(tree, 'b')])
      mkdirSync(folder, { recursive: true })
    writeFileSync(join(outside, 'kept'), '')
    const script = `mount --bind "$0" "$1/a/mounted"; mount --bind "$0" "$1/top"; exec "$2" -e "
    import('$3').then(({ removeTree }) => removeTree(process.argv[1], () => true)).then(() => process.exit(9), (e) => console.log(e.code))" "$1"`
    const source = new URL('../../src/store/folderTree.ts', import.meta.url).pathname
    const words = ['-m', 'sh', '-euc', script, outside, tree, process.execPath, source]
    expect(execFileSync('unshare', words, { encoding: 'utf8' })).toBe('EBUSY\n')
    expect(readdirSync(outside)).toEqual(['kept'])
    expect(existsSync(join(tree, 'b'))).toBe(false)
    expect(removeTree(tree, ALWAYS)).toBe(true)
  },
)

test('R-JAN-11 stopped at any entry, it goes on the next time', () => {
  const build = 'for a in 1 2 3; do mkdir -p $a/x/y $a/z; touch $a/f $a/x/g $a/x/y/h; done'
  for (let most = 0; ; most += 1) {
    mkdirSync(tree, { recursive: true })
    execFileSync('sh', ['-euc', build], { cwd: tree })
    let asked = 0
    const all = removeTree(tree, () => ++asked <= most)
    expect(existsSync(tree)).toBe(!all)
    expect(removeTree(tree, ALWAYS)).toBe(true)
    expect(existsSync(tree)).toBe(false)
    if (all) break
  }
})

test('R-JAN-11 what it takes of the disk: blocks, not lengths; nothing behind links', () => {
  writeFileSync(join(tree, 'sparse'), '')
  truncateSync(join(tree, 'sparse'), 10 ** 9)
  mkdirSync(join(tree, 'inner'))
  writeFileSync(join(tree, 'inner', 'file'), Buffer.alloc(1_000_000, 1))
  symlinkSync('/usr', join(tree, 'link'))
  const kilobytes = Number(
    execFileSync('sh', ['-c', 'du -sk "$0"', tree], { encoding: 'utf8' }).split('\t')[0],
  )
  expect(treeBytes(tree)).toBe(kilobytes * 1024)
  expect(treeBytes(join(root, 'nothing'))).toBe(0)
})

test('R-JAN-11 nothing is written behind a link in the place of a folder', () => {
  const outside = join(root, 'outside')
  mkdirSync(outside)
  rmSync(tree, { recursive: true })
  symlinkSync(outside, tree)
  writeIn(tree, 'size', '1')
  expect(readdirSync(outside)).toEqual([])
  expect(treeBytes(tree)).toBe(0)
  rmSync(tree)
  mkdirSync(tree)
  writeIn(tree, 'size', '1')
  expect(readdirSync(tree)).toEqual(['size'])
})
