import { describe, expect, test } from 'vitest'
import { ALL_OF_TICKETS, ticketModel } from '../model/tickets.ts'
import type { Deed } from './deeds.ts'
import { replay } from './replay.ts'

/** Two waiters, the first of which was slow to show its ticket. */
const [SLOW, QUICK] = [100, 101]

function deedsOf(pid: number, ...told: readonly (readonly [says: string, at: number])[]): readonly Deed[] {
  return told.map(([says, at]) => ({
    pid,
    says: new RegExp(`${says}$`),
    from: at,
    to: at,
    call: says,
    isEnd: false,
    signal: null,
    child: null,
    gives: null,
  }))
}

const MAKES = ['makes its ticket', 'locks its ticket', 'compares its ticket', 'shows its ticket'] as const

function storyOf(slowShowsAt: number) {
  const quick = deedsOf(
    QUICK,
    [MAKES[0], 1],
    [MAKES[1], 2],
    [MAKES[2], 3],
    [MAKES[3], 4],
    ['removes its ticket', 9],
    ['ends with 0', 10],
  )
  const slow = deedsOf(
    SLOW,
    [MAKES[0], 0.1],
    [MAKES[1], 0.2],
    [MAKES[2], 0.3],
    [MAKES[3], slowShowsAt],
    ['removes its ticket', 11],
    ['ends with 0', 12],
  )
  return {
    cast: new Map(),
    deeds: new Map([
      [QUICK, quick],
      [SLOW, slow],
    ]),
  }
}

const replayed = (slowShowsAt: number) =>
  replay(
    ticketModel(2, 0, ALL_OF_TICKETS),
    storyOf(slowShowsAt),
    new Map([
      [SLOW, 0],
      [QUICK, 1],
    ]),
    true,
  ).refused

describe('a replay of tickets', () => {
  test('R-LCK-16 a waiter is the first of those whose tickets it could see: an older one may be shown between its look and its turn', () => {
    expect(replayed(5)).toBe('')
  })

  test('R-LCK-16 one that stood there before its own was shown is none that it may pass', () => {
    expect(replayed(0.4)).toMatch(/looks.*: removes its ticket/)
  })
})
