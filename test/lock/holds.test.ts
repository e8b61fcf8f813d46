import { rmSync } from 'node:fs'
import { expect, test } from 'vitest'
import { holdInBackground } from '../../src/lock/holds.ts'
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
