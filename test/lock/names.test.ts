import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { holdersOf } from '../../src/lock/holders.ts'
import { removeIdleLock } from '../../src/lock/idle.ts'
import { clearMark, isStillAt, peekMark, readMark, writeMark } from '../../src/lock/lockFile.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun, removeOpenRun } from '../../src/lock/openRuns.ts'
import {
  dropTicket,
  hasWaiters,
  isFirst,
  peekTickets,
  sweepTickets,
  takeTicket,
} from '../../src/lock/tickets.ts'
import { lockPath, namesWithLockFile } from '../../src/store/stateFolder.ts'
import { stateFolder } from './world.ts'

const MARK = { run: '01m7xj306c77rt39', locks: ['a.example', 'r:gpu'], since: 5 }

describe('names', () => {
  test('R-LCK-09 several are taken all or none', () => {
    const state = stateFolder()
    const other = tryAcquire(state, ['b.example'])
    expect(tryAcquire(state, ['a.example', 'b.example', 'r:gpu'])).toEqual({
      kind: 'busy',
      name: 'b.example',
    })
    const free = tryAcquire(state, ['a.example', 'r:gpu'])
    expect(free.kind).toBe('held')
    for (const held of [other, free]) if (held.kind === 'held') letGo(held)
  })

  test('R-LCK-01 flock(1) sees our lock, we see its, and closing frees it', () => {
    const state = stateFolder()
    const held = tryAcquire(state, ['a.example'])
    if (held.kind !== 'held') throw new Error('a fresh name is busy')
    const shell = () =>
      execFileSync(
        'sh',
        ['-c', 'flock -n "$0" true && echo free || echo busy', lockPath(state, 'a.example')],
        { encoding: 'utf8' },
      ).trim()
    expect(shell()).toBe('busy')
    expect(holdersOf(state, ['a.example', 'b.example'])).toEqual(
      new Map([
        ['a.example', [process.pid]],
        ['b.example', []],
      ]),
    )
    letGo(held)
    expect(shell()).toBe('free')
  })

  test('R-LCK-12 a directory in a lock file’s place is named, and nothing is held', () => {
    const state = stateFolder()
    mkdirSync(lockPath(state, 'b.example'))
    expect(() => tryAcquire(state, ['a.example', 'b.example'])).toThrow(lockPath(state, 'b.example'))
    expect(tryAcquire(state, ['a.example']).kind).toBe('held')
  })

  test('R-LCK-12 a missing lock folder is named', () => {
    const state = stateFolder()
    rmSync(state.locks, { recursive: true })
    expect(() => tryAcquire(state, ['a.example'])).toThrow(lockPath(state, 'a.example'))
  })

  test('R-LCK-05 a lock file that was replaced under its holder is noticed', () => {
    const state = stateFolder()
    const held = tryAcquire(state, ['a.example'])
    if (held.kind !== 'held') throw new Error('a fresh name is busy')
    const [fd = -1] = held.fds
    const path = lockPath(state, 'a.example')
    expect(isStillAt(fd, path)).toBe(true)
    renameSync(path, `${path}.old`)
    expect(isStillAt(fd, path)).toBe(false)
    writeFileSync(path, '')
    expect(isStillAt(fd, path)).toBe(false)
    letGo(held)
  })

  test('R-LCK-11 a mark is written by position, read back, and cleared', () => {
    const state = stateFolder()
    const held = tryAcquire(state, ['a.example'])
    if (held.kind !== 'held') throw new Error('a fresh name is busy')
    const [fd = -1] = held.fds
    const path = lockPath(state, 'a.example')
    expect(readMark(fd)).toBe('clean')
    for (const run of [MARK.run, 'b']) {
      writeMark(fd, { ...MARK, run })
      expect(readMark(fd)).toEqual({ ...MARK, run })
      expect(readFileSync(path, 'utf8')).toBe(`${JSON.stringify({ ...MARK, run })}\n`)
    }
    expect(peekMark(path)).toMatchObject({ run: 'b' })
    clearMark(fd)
    expect(peekMark(path)).toBe('clean')
    writeFileSync(path, '{"run":"b"')
    expect(readMark(fd)).toBe('unreadable')
    letGo(held)
  })
})

describe('an idle lock file', () => {
  test('R-LCK-06 is removed when nobody has it, waits for it, or left anything', () => {
    const state = stateFolder()
    for (const name of ['a.example', 'r:gpu']) {
      const held = tryAcquire(state, [name])
      expect(removeIdleLock(state, name)).toBe(false)
      if (held.kind === 'held') letGo(held)
      expect(removeIdleLock(state, name)).toBe(true)
    }
    expect(namesWithLockFile(state)).toEqual([])
  })

  test('R-LCK-06 R-JAN-05 is left while somebody waits for it', () => {
    const state = stateFolder()
    const ticket = takeTicket(state, ['a.example'], 'a test')
    expect(removeIdleLock(state, 'a.example')).toBe(false)
    dropTicket(state, ticket)
    expect(removeIdleLock(state, 'a.example')).toBe(true)
  })

  test('R-LCK-06 R-LCK-11 is left while it is marked, or an open run names it', () => {
    const state = stateFolder()
    writeFileSync(lockPath(state, 'b.example'), `${JSON.stringify(MARK)}\n`)
    expect(removeIdleLock(state, 'b.example')).toBe(false)
    addOpenRun(state, MARK)
    expect(removeIdleLock(state, 'a.example')).toBe(false)
    removeOpenRun(state, MARK.run)
    expect(removeIdleLock(state, 'a.example')).toBe(true)
  })
})

describe('tickets', () => {
  test('R-LCK-13 the oldest is first on each of its names', () => {
    const state = stateFolder()
    const first = takeTicket(state, ['a.example', 'b.example'], 'first')
    const second = takeTicket(state, ['b.example'], 'second')
    expect([isFirst(state, first), isFirst(state, second)]).toEqual([true, false])
    expect(peekTickets(state, 'b.example').map(({ what }) => what)).toEqual(['first', 'second'])
    dropTicket(state, first)
    expect(isFirst(state, second)).toBe(true)
    dropTicket(state, second)
    expect(hasWaiters(state, 'b.example')).toBe(false)
  })

  test('R-LCK-13 the ticket of a dead waiter stops nobody, and is swept', () => {
    const state = stateFolder()
    const folder = join(state.tickets, 'a.example')
    mkdirSync(folder, { recursive: true })
    for (const id of ['00000000000000000001-1', '.00000000000000000002-2'])
      writeFileSync(join(folder, id), 'dead')
    const ticket = takeTicket(state, ['a.example'], 'alive')
    expect(isFirst(state, ticket)).toBe(true)
    sweepTickets(state)
    expect(existsSync(join(folder, '.00000000000000000002-2'))).toBe(false)
    dropTicket(state, ticket)
    sweepTickets(state)
    expect(existsSync(folder)).toBe(false)
  })
})
