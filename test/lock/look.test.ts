import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { noteHold } from '../../src/lock/holds.ts'
import { lockStandOf, lookAtNames, type NameLook } from '../../src/lock/look.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { dropTicket, takeTicket } from '../../src/lock/tickets.ts'
import { createRunFolder } from '../../src/store/runFolder.ts'
import { lockPath } from '../../src/store/stateFolder.ts'
import { requestFor, stateFolder } from './world.ts'

const NAMES = ['a.example', 'b.example']
const LAST = {
  pid: 11,
  wrapper: 10,
  startTime: '1',
  boot: 'boot',
  event: 'process.started',
  at: 1,
  mono: 1,
} as const

function aLook(name: string, run: string | null, pids: readonly number[]): NameLook {
  const state = pids.length > 0 ? 'busy' : run === null ? 'free' : 'dirty'
  return { name, state, run, pids, sinceMs: null, waiters: [], hold: null }
}

test.each([
  ['nobody is there, and no mark', [aLook('a.example', null, []), aLook('b.example', null, [])], 'released'],
  ['the lock files are gone', [], 'released'],
  ['another run is there by now', [aLook('a.example', 'other', [77])], 'released'],
  ['somebody else is there, and has not marked it yet', [aLook('a.example', null, [77])], 'released'],
  ['its run process has cleared the mark, and lives', [aLook('a.example', null, [10, 11])], 'held'],
  ['its wrapper alone lives', [aLook('b.example', null, [10])], 'held'],
  ['it is marked, and somebody recovers it', [aLook('a.example', 'ours', [77])], 'held'],
  ['one of two is marked, and nobody is there', [aLook('b.example', 'ours', [])], 'marked'],
  ['it is another name that its processes hold', [aLook('c.example', 'ours', [10])], 'released'],
] as const)('R-RUN-07 the locks of a run that is over: %s', (_, looks, stand) => {
  expect(lockStandOf(looks, 'ours', NAMES, { lastProcess: LAST })).toBe(stand)
})

test.each([
  ['its request cannot be read', (folder: string) => writeFileSync(join(folder, 'request.json'), '{')],
  ['its folder is gone', (folder: string) => rmSync(folder, { recursive: true })],
])(
  'R-LCK-11 R-LCK-13 a name that is marked with a run that nobody can recover is blocked: %s',
  (_, spoil) => {
    const state = stateFolder()
    const id = '01m7xj306c77rt39'
    mkdirSync(join(state.root, 'recipe'))
    const run = createRunFolder(state, requestFor(id, ['a.example']), join(state.root, 'recipe'))
    writeFileSync(
      lockPath(state, 'a.example'),
      `${JSON.stringify({ run: id, locks: ['a.example'], since: 1 })}\n`,
    )
    expect(lookAtNames(state)).toMatchObject([{ name: 'a.example', state: 'dirty', run: id }])
    spoil(run.folder)
    expect(lookAtNames(state)).toMatchObject([{ name: 'a.example', state: 'blocked', run: id }])
  },
)

test('R-OBS-03 one look tells who has each name, by hand too, who waits for it, and which run was there first of those that left no mark', () => {
  const state = stateFolder()
  const held = tryAcquire(state, ['a.example', 'r:gpu'])
  if (held.kind !== 'held') throw new Error('the names are not free')
  const hold = { reason: 'a test', by: 'octocat', untilMs: 0, order: null }
  noteHold(state, { ...hold, name: 'r:gpu' }, process.pid)
  const tickets = [
    takeTicket(state, ['b.example', 'r:gpu'], 'run one'),
    takeTicket(state, ['r:gpu'], 'run two'),
  ]
  for (const run of ['01m7xj306c77rt39', '01m7xj306c77rt40'])
    addOpenRun(state, { run, locks: ['c.example'], since: 1 })
  expect(lookAtNames(state)).toMatchObject([
    { name: 'a.example', state: 'busy', pids: [process.pid], waiters: [], hold: null },
    { name: 'b.example', state: 'free', pids: [], waiters: ['run one'], hold: null },
    { name: 'c.example', state: 'blocked', run: '01m7xj306c77rt39' },
    { name: 'r:gpu', state: 'busy', pids: [process.pid], waiters: ['run one', 'run two'], hold },
  ])
  for (const ticket of tickets) dropTicket(state, ticket)
  letGo(held)
})
