import { messageOf } from '../../errors.ts'
import {
  type ConvergeRules,
  judge,
  NOT_YET_LOOKED,
  type StackFault,
  type Watching,
} from '../../model/converge.ts'
import type { StackLook } from '../../model/stackLook.ts'
import type { Engine } from './engine.ts'
import { EngineError } from './engineError.ts'
import { openWaker, type Waker } from './events.ts'
import { openStartPeriods } from './imageStart.ts'
import { lastLines } from './serviceLogs.ts'
import { lookAtStack } from './watch.ts'

export interface ConvergeWish {
  readonly stack: string
  readonly timeoutMs: number
  readonly rules?: ConvergeRules
  /** Hears what is waited for, whenever that changes. */
  readonly say?: (text: string) => void
  /** What is looked at; none = the swarm's stack of that name. */
  readonly watch?: StackWatch
}

/** What converging sees of a stack. */
export interface StackWatch {
  /** @throws EngineError */
  readonly look: (signal: AbortSignal) => Promise<StackLook>
  /** Of a service, by the id that the look gives it. @throws EngineError */
  readonly lastLines: (service: string, lines: number) => Promise<readonly string[]>
}

export type Converged = { readonly tookMs: number; readonly looks: number } & (
  | { readonly kind: 'converged' | 'cancelled' }
  | { readonly kind: 'timed_out'; readonly detail: string }
  | {
      readonly kind: 'failed'
      readonly fault: StackFault
      readonly detail: string
      /** The last log lines of the service that failed. */
      readonly lines: readonly string[]
    }
)

/** Polling is the truth; events only make it come sooner. Where nothing changes it is asked less often: many runs may watch one engine. */
const POLL_MS = 1000
const SLOWER = 1.5
const MOST_POLL_MS = 3000
/**
 * What looks good has to hold for a few looks so far apart, whatever happens meanwhile: the swarm may say for a second and more that a task runs
 * which has ended (its node tells in its own time), and a service that crashes at once would be up between two crashes.
 */
const CONFIRM_MS = 1000
const MOST_LINES = 20

/** Waits until the stack stands as its spec says, or shows that it will not. An engine that does not answer is asked again. */
export async function converge(engine: Engine, wish: ConvergeWish, signal: AbortSignal): Promise<Converged> {
  const startedAt = performance.now()
  using waker = openWaker(engine, wish.stack)
  const watch = wish.watch ?? watchSwarm(engine, wish.stack)
  const look = () => watch.look(signal)
  let watching: Watching = NOT_YET_LOOKED
  let said = ''
  let pollMs = POLL_MS
  for (let looks = 1; ; looks += 1) {
    const tookMs = () => Math.round(performance.now() - startedAt)
    const seen = await lookOnce(look, watching, wish.rules, signal)
    if (signal.aborted) return { kind: 'cancelled', tookMs: tookMs(), looks }
    watching = seen
    const { verdict } = watching
    if (verdict.kind === 'converged') return { kind: 'converged', tookMs: tookMs(), looks }
    if (verdict.kind === 'failed') {
      const { fault, detail, service } = verdict
      const lines = fault === 'service_gone' ? [] : await linesOf(watch, service.id)
      return { kind: 'failed', fault, detail, lines, tookMs: tookMs(), looks }
    }
    const isNews = verdict.detail !== said
    if (isNews) wish.say?.(verdict.detail)
    pollMs = isNews ? POLL_MS : Math.min(pollMs * SLOWER, MOST_POLL_MS)
    said = verdict.detail
    const leftMs = wish.timeoutMs - tookMs()
    if (leftMs <= 0) return { kind: 'timed_out', detail: verdict.detail, tookMs: tookMs(), looks }
    if (verdict.isGood) await whole(waker, Math.min(leftMs, CONFIRM_MS), signal)
    else await waker.wait(Math.min(leftMs, pollMs), signal)
  }
}

/** Waits that long, however often something happens. */
async function whole(waker: Waker, ms: number, signal: AbortSignal): Promise<void> {
  const end = performance.now() + ms
  for (let leftMs = ms; leftMs > 0 && !signal.aborted; leftMs = end - performance.now())
    await waker.wait(leftMs, signal)
}

/** A silent engine says nothing of the stack: what was seen before it has to be seen again. */
async function lookOnce(
  look: () => Promise<StackLook>,
  watching: Watching,
  rules: ConvergeRules | undefined,
  signal: AbortSignal,
): Promise<Watching> {
  try {
    return judge(watching, await look(), rules)
  } catch (error) {
    if (!(error instanceof EngineError) && !signal.aborted) throw error
    return { ...watching, count: 0, verdict: { kind: 'waiting', isGood: false, detail: messageOf(error) } }
  }
}

function watchSwarm(engine: Engine, stack: string): StackWatch {
  const startPeriods = openStartPeriods(engine)
  return {
    look: (signal) => lookAtStack(engine, stack, startPeriods, signal),
    lastLines: (service, lines) => lastLines(engine, service, lines),
  }
}

/** What failed matters more than what it wrote. */
async function linesOf(watch: StackWatch, service: string): Promise<readonly string[]> {
  return await watch.lastLines(service, MOST_LINES).catch((error: unknown) => [messageOf(error)])
}
