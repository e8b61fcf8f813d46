import { expect, test } from 'vitest'
import { GITHUB_PACE, pacerOf } from '../../src/report/pace.ts'

const MINUTE_MS = 60_000

test('R-REP-05 an installation that always has something to say stays below 80 writes a minute and 500 an hour', async () => {
  const written: number[] = []
  const pauses: number[] = []
  const mayWrite = pacerOf(GITHUB_PACE, { pauseReports: async (_, untilMs) => void pauses.push(untilMs) })
  for (let nowMs = 0; nowMs < 60 * MINUTE_MS; nowMs += 250) if (await mayWrite(7, nowMs)) written.push(nowMs)
  expect(written.length).toBeGreaterThan(450)
  expect(written.length).toBeLessThanOrEqual(500)
  for (const from of written)
    expect(written.filter((at) => at >= from && at < from + MINUTE_MS).length).toBeLessThanOrEqual(80)
  expect(pauses.length).toBeLessThanOrEqual(written.length)
})

test('R-REP-05 a clock that was set back by a year keeps nothing waiting for longer than it would have', async () => {
  const YEAR_MS = 365 * 24 * 60 * MINUTE_MS
  const mayWrite = pacerOf(GITHUB_PACE, { pauseReports: async () => undefined })
  for (let write = 0; write <= GITHUB_PACE.burst; write += 1) await mayWrite(7, YEAR_MS)
  expect(await mayWrite(7, 0)).toBe(false)
  expect(await mayWrite(7, 7_999)).toBe(false)
  expect(await mayWrite(7, 8_000)).toBe(true)
})

test('R-REP-05 an installation at rest may say much at once, and one does not count for another', async () => {
  const mayWrite = pacerOf(GITHUB_PACE, { pauseReports: async () => undefined })
  for (let write = 0; write < GITHUB_PACE.burst; write += 1) expect(await mayWrite(7, 0)).toBe(true)
  expect(await mayWrite(7, 0)).toBe(false)
  expect(await mayWrite(8, 0)).toBe(true)
  expect(await mayWrite(7, 7_999)).toBe(false)
  expect(await mayWrite(7, 8_000)).toBe(true)
})
