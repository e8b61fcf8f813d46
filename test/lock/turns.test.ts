import { mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import type { Recoverer } from '../../src/lock/claim.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { createTurns } from '../../src/lock/turns.ts'
import { stateFolder } from './world.ts'

const NAMES = ['a.example']
const NEVER: Recoverer = {
  by: 'the test',
  insist: false,
  recover: async () => {
    throw new Error('nothing was to be recovered')
  },
}

test('R-LCK-13 R-QUE-02 R-RUN-16 a place that cannot be removed keeps nobody from names that are theirs, and those names from nobody after them', async () => {
  const state = stateFolder()
  const turns = createTurns(state)
  const before = tryAcquire(state, NAMES)
  expect(await turns.take('run-1', NAMES, [NAMES], NEVER, null)).toMatchObject({ kind: 'busy' })
  const folder = join(state.tickets, 'a.example')
  // What unlink(2) refuses, as it may on a full disk.
  for (const ticket of readdirSync(folder)) {
    rmSync(join(folder, ticket))
    mkdirSync(join(folder, ticket))
  }
  if (before.kind === 'held') letGo(before)
  const claimed = await turns.take('run-1', NAMES, [NAMES], NEVER, null)
  expect(claimed.kind).toBe('held')
  if (claimed.kind === 'held') letGo(claimed)
  const next = tryAcquire(state, NAMES)
  expect(next.kind).toBe('held')
  if (next.kind === 'held') letGo(next)
})
