import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { holdInBackground, holdOf } from '../../src/lock/holds.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { stateFolder } from './world.ts'

test('R-LCK-12 R-JAN-10 a hold that cannot be noted (a full disk, a missing folder) holds nothing', async () => {
  const state = stateFolder()
  const held = tryAcquire(state, ['a.example'])
  if (held.kind !== 'held') throw new Error('the name is not free')
  rmSync(state.holds, { recursive: true })
  const hold = { name: 'a.example', reason: 'a test', by: 'octocat', untilMs: 0, order: null }
  await expect(holdInBackground(state, held, hold, 60_000)).rejects.toThrow('ENOENT')
  letGo(held)
  await expect.poll(() => tryAcquire(state, ['a.example']).kind).toBe('held')
})

test('R-LCK-12 R-JAN-10 a hold whose process is gone before it has heard that it is noted holds nothing, and takes nobody with it', async () => {
  const state = stateFolder()
  const held = tryAcquire(state, ['a.example'])
  if (held.kind !== 'held') throw new Error('the name is not free')
  // Found before the real one: it hears no word, which is what a killed one does.
  const [bin, deaf] = [join(state.root, 'bin'), join(state.root, 'deaf')]
  mkdirSync(bin)
  writeFileSync(join(bin, 'sh'), `#!/bin/sh\nexec <&-\n: >'${deaf}'\nexec sleep 60\n`, { mode: 0o755 })
  const path = process.env['PATH']
  process.env['PATH'] = `${bin}:${path}`
  onTestFinished(() => void (process.env['PATH'] = path))
  const hold = {
    name: 'a.example',
    by: 'octocat',
    untilMs: 0,
    order: null,
    get reason() {
      while (!existsSync(deaf));
      return 'a test'
    },
  }
  await expect(holdInBackground(state, held, hold, 60_000)).rejects.toThrow('EPIPE')
  letGo(held)
  await expect.poll(() => tryAcquire(state, ['a.example']).kind).toBe('held')
  expect(holdOf(state, 'a.example')).toBeNull()
})
