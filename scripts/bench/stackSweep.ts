import { openEngine } from '../../src/drivers/docker/engine.ts'
import { listObjects } from '../../src/drivers/docker/objects.ts'
import { sweep } from '../../src/drivers/docker/sweep.ts'
import { BERTH_LABELS } from '../../src/model/stackObjects.ts'
import { IDLE_STACK, putStacks } from './idleStacks.ts'
import type { Measuring } from './wait.ts'

export interface SweepFigures {
  readonly stacks: number
  /** Calls of one look at all of them. */
  readonly look: number
  readonly looks: number
  /** Calls for each object that was removed. */
  readonly removal: number
  readonly tookMs: number
}

const BUDGET_MS = 300_000

/** Each stack is a service without tasks, a network, a config and a secret. */
export async function measureSweep(count: number, measuring: Measuring): Promise<SweepFigures> {
  measuring.say(`sweeping ${count}`)
  await using stacks = await putStacks(count, IDLE_STACK.empty, measuring.signal)
  const engine = await openEngine(stacks.address)
  const there = await listObjects(engine, stacks.instance)
  const objects = there.filter(({ labels }) => labels[BERTH_LABELS.instance] === stacks.instance)
  const look = engine.calls()
  const { sweeps, looks, tookMs } = await sweep(engine, {
    instance: stacks.instance,
    scopes: stacks.names.map((stack) => ({ stack, run: null })),
    clients: 'ended',
    budgetMs: BUDGET_MS,
    graceMs: 0,
    keepLogs: async () => undefined,
  })
  const left = sweeps.flatMap((one) => one.left)
  if (left.length > 0) throw new Error(`the sweep has left ${left.join(', ')}`)
  const calls = engine.calls() - look
  return { stacks: count, look, looks, removal: (calls - looks * look) / objects.length, tookMs }
}
