import type { ChildProcess } from 'node:child_process'
import type { StopReason } from '../model/journal.ts'
import { noteStop, type RunPaths } from '../store/runFolder.ts'

/** What the person at the keyboard, or whoever started us, asks for. */
export interface Interrupts extends Disposable {
  /** Aborts at the first signal. */
  readonly signal: AbortSignal
  readonly reason: StopReason | null
  /** From now on a signal is a durable request to stop this run; further ones change nothing, and its teardown is not shortened. */
  readonly passTo: (run: RunPaths, wrapper: ChildProcess) => void
}

const REASONS = { SIGINT: 'interrupted', SIGTERM: 'terminated', SIGHUP: 'terminated' } as const
type Caught = keyof typeof REASONS

export function catchSignals(): Interrupts {
  const controller = new AbortController()
  let first: Caught | null = null
  let pass = (_signal: Caught): void => undefined
  const hear = (signal: NodeJS.Signals) => {
    if (!isCaught(signal) || first !== null) return
    first = signal
    controller.abort()
    pass(signal)
  }
  for (const signal of Object.keys(REASONS)) process.on(signal, hear)
  return {
    signal: controller.signal,
    get reason() {
      return first === null ? null : REASONS[first]
    },
    passTo(run, wrapper) {
      pass = (signal) => {
        noteStop(run, { reason: REASONS[signal], by: signal, atMs: Date.now() })
        wrapper.kill(signal)
      }
      if (first !== null) pass(first)
    },
    [Symbol.dispose]() {
      for (const signal of Object.keys(REASONS)) process.off(signal, hear)
    },
  }
}

function isCaught(signal: string): signal is Caught {
  return Object.hasOwn(REASONS, signal)
}
