import { expect, test } from 'vitest'
import { SYSTEM_TIME } from '../../src/report/time.ts'

const NEVER = Number.MAX_SAFE_INTEGER

test('a sleep ends at its time, or when it is called off, before or while it lasts', async () => {
  const nap = new AbortController()
  const asleep = SYSTEM_TIME.sleepUntil(NEVER, nap.signal)
  await SYSTEM_TIME.sleepUntil(SYSTEM_TIME.now() - 1, nap.signal)
  nap.abort()
  await asleep
  await SYSTEM_TIME.sleepUntil(NEVER, nap.signal)
  const startedAtMs = SYSTEM_TIME.now()
  await SYSTEM_TIME.sleepUntil(startedAtMs + 20, new AbortController().signal)
  expect(SYSTEM_TIME.now()).toBeGreaterThanOrEqual(startedAtMs + 19)
})
