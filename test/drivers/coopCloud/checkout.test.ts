import { execFileSync } from 'node:child_process'
import { mkdirSync, symlinkSync, truncateSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openCheckout } from '../../../src/drivers/coopCloud/checkout.ts'
import { repository } from './recipes.ts'

describe('a checkout', () => {
  test('R-DKR-06 files are read by their names from the root, through links that stay inside', () => {
    using here = repository({ 'a/b.yml': 'text' })
    symlinkSync('a/b.yml', here.path('link.yml'))
    symlinkSync('a', here.path('folder'))
    const { read } = openCheckout(here.folder)
    for (const file of ['a/b.yml', './a/../a/b.yml', 'link.yml', 'folder/b.yml'])
      expect(read(file)).toEqual({ text: 'text' })
    for (const file of ['b.yml', 'a/b.yml/c', '../nothing-there'])
      expect(read(file)).toEqual({ missing: true })
  })

  test('R-DKR-06 a checkout that is itself reached by a link is read', () => {
    using here = repository({ 'real/compose.yml': 'x' })
    symlinkSync(here.path('real'), here.path('link'))
    expect(openCheckout(here.path('link')).read('compose.yml')).toEqual({ text: 'x' })
  })

  test('R-DKR-06 nothing out of the repository is read, nor anything that is no file; nobody waits', () => {
    using here = repository({ 'sub/x': '', 'sub-secret': 'no' })
    symlinkSync('/etc/hostname', here.path('sub/absolute'))
    symlinkSync('../sub-secret', here.path('sub/beside'))
    symlinkSync('..', here.path('sub/up'))
    symlinkSync('loop', here.path('sub/loop'))
    symlinkSync('/dev/zero', here.path('sub/device'))
    mkdirSync(here.path('sub/folder'))
    execFileSync('mkfifo', [here.path('sub/fifo')])
    const { read } = openCheckout(here.path('sub'))
    const outside =
      'is a link out of the repository, or named from outside it; put the file into the repository'
    for (const file of ['absolute', 'beside', 'up/sub-secret', '../sub-secret', 'device', '..'])
      expect([file, read(file)]).toEqual([file, { fault: outside }])
    expect(read('loop')).toEqual({ fault: 'is a link that leads to itself' })
    for (const file of ['folder', 'fifo'])
      expect([file, read(file)]).toEqual([file, { fault: 'is no regular file' }])
  })

  test('R-DKR-06 a file that is too long for a recipe is not read', () => {
    using here = repository({ 'big.yml': '', 'most.yml': '' })
    truncateSync(here.path('big.yml'), 256 * 1024 + 1)
    truncateSync(here.path('most.yml'), 256 * 1024)
    const { read, readConfig } = openCheckout(here.folder)
    expect(read('big.yml')).toEqual({ fault: 'has 262145 bytes; at most 262144 are read' })
    expect(read('most.yml')).toHaveProperty('text.length', 256 * 1024)
    expect(readConfig('big.yml')).toHaveProperty('text.length', 256 * 1024 + 1)
    truncateSync(here.path('big.yml'), 1000 * 1024 + 1)
    expect(readConfig('big.yml')).toEqual({ fault: 'has 1024001 bytes; at most 1024000 are read' })
  })

  test('R-DKR-06 a file is found in other folders, but not behind links and not in .git', () => {
    using here = repository({ 'b/x': '', 'a/c/x': '', '.git/x': '', 'a/b/c/d/e/x': '', y: '' })
    symlinkSync('..', here.path('a/up'))
    symlinkSync('b/x', here.path('x'))
    expect(openCheckout(here.folder).find(['x', 'y'])).toEqual(['y', 'a/c/x', 'b/x'])
  })
})
