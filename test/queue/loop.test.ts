import { expect, onTestFinished, test } from 'vitest'
import { startLoop } from '../../src/queue/loop.ts'

test('R-QUE-11 a loop says why its last pass failed, until one goes well', async () => {
  const passes = [Promise.withResolvers<void>(), Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const begun = passes.map(() => Promise.withResolvers<void>())
  const logged: string[] = []
  const quiet = () => undefined
  const log = { info: quiet, warn: quiet, error: (_: object, event: string) => void logged.push(event) }
  let count = 0
  const loop = startLoop('dispatcher', 1, log, async () => {
    const pass = count
    count += 1
    begun[pass]?.resolve()
    await passes[Math.min(pass, 2)]?.promise
  })
  await begun[0]?.promise
  expect(loop.fault()).toBeNull()
  passes[0]?.reject(new Error('a row is poison'))
  await begun[1]?.promise
  expect(loop.fault()).toBe('the dispatcher fails: a row is poison')
  passes[1]?.resolve()
  await begun[2]?.promise
  expect(loop.fault()).toBeNull()
  passes[2]?.resolve()
  await loop.close()
  expect(logged).toEqual(['loop.failed'])
})

test('R-QUE-11 who is woken in the middle of a pass makes another one at once: what came too late for this one does not wait for the pause', async () => {
  const first = Promise.withResolvers<void>()
  let count = 0
  const anHourMs = 3_600_000
  const loop = startLoop('dispatcher', anHourMs, { error: () => undefined }, async () => {
    count += 1
    if (count === 1) await first.promise
  })
  onTestFinished(() => loop.close())
  loop.wake()
  first.resolve()
  await expect.poll(() => count, { timeout: 5_000 }).toBe(2)
})
