import { setTimeout as pause } from 'node:timers/promises'
import { converge } from '../../src/drivers/docker/converge.ts'
import { openEngine } from '../../src/drivers/docker/engine.ts'
import { IDLE_STACK, putStacks } from './idleStacks.ts'
import { type Measuring, nowMs } from './wait.ts'

export interface WatchFigures {
  readonly stacks: number
  /** One value a look of `LOOK_MS`. */
  readonly perSecond: readonly number[]
}

const LOOK_MS = 5000
const LOOKS = 3

/** Stacks that wait for an image that is not there yet: nothing happens to them, so that only polling goes on. */
export async function measureWatching(count: number, measuring: Measuring): Promise<WatchFigures> {
  measuring.say(`watching ${count}`)
  await using stacks = await putStacks(count, IDLE_STACK.waiting, measuring.signal)
  const engine = await openEngine(stacks.address)
  const over = new AbortController()
  const watches = stacks.names.map((stack) =>
    converge(engine, { stack, timeoutMs: LOOK_MS * LOOKS * 10 }, over.signal),
  )
  const perSecond: number[] = []
  try {
    for (let look = 0; look < LOOKS; look += 1) {
      const [beganMs, before] = [nowMs(), engine.calls()]
      await pause(LOOK_MS, undefined, { signal: measuring.signal })
      perSecond.push((1000 * (engine.calls() - before)) / (nowMs() - beganMs))
    }
  } finally {
    over.abort()
  }
  const ended = (await Promise.all(watches)).find(({ kind }) => kind !== 'cancelled')
  if (ended !== undefined) throw new Error(`a stack that was to be waited for has ${ended.kind}`)
  return { stacks: count, perSecond }
}
