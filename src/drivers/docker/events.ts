import { PROJECT_LABEL, STACK_LABEL } from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'

/** What shortens a wait; polling goes on without it. */
export interface Waker extends Disposable {
  /** Until something has happened to the stack, the time is over, or the signal aborts. Never throws. */
  readonly wait: (mostMs: number, signal: AbortSignal) => Promise<void>
}

/** A burst of events is one. */
const BURST_MS = 50

/** What changes how a stack stands. Each health check tells of three more, for every time that it runs. */
const CHANGES = ['create', 'update', 'remove', 'start', 'die', 'oom', 'destroy', 'health_status']

/** Listens to the engine's events about a stack. They are hints: a lost stream (a restarted engine) is opened anew at the next wait. */
export function openWaker(engine: Engine, stack: string): Waker {
  const closed = new AbortController()
  let isListening = false
  let wake: () => void = () => undefined

  async function listen(): Promise<void> {
    isListening = true
    try {
      // The time is for the answer's first line, and the stream's own signal ends it.
      const filters = { type: ['service' as const, 'container' as const], event: CHANGES }
      const stream = await engine.call('tell its events', (docker) =>
        docker.getEvents({ filters, abortSignal: closed.signal }),
      )
      stream.on('error', () => undefined)
      for await (const chunk of stream) if (isAbout(String(chunk), stack)) wake()
    } catch {
      return
    } finally {
      isListening = false
    }
  }

  return {
    async wait(mostMs, signal) {
      if (!isListening && !closed.signal.aborted) void listen()
      await new Promise<void>((resolve) => {
        let burst: NodeJS.Timeout | undefined
        const timer = setTimeout(end, mostMs)
        wake = () => {
          burst ??= setTimeout(end, BURST_MS)
        }
        signal.addEventListener('abort', end, { once: true })
        if (signal.aborted) end()

        function end(): void {
          clearTimeout(timer)
          clearTimeout(burst)
          signal.removeEventListener('abort', end)
          wake = () => undefined
          resolve()
        }
      })
    },
    [Symbol.dispose]: () => closed.abort(),
  }
}

/** A service's event has its name alone; a line may be cut between two chunks, and that hint is lost. */
function isAbout(text: string, stack: string): boolean {
  const labels = [STACK_LABEL, PROJECT_LABEL].map((label) => `"${label}":"${stack}"`)
  return [...labels, `"name":"${stack}_`].some((hint) => text.includes(hint))
}
