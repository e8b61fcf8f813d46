import type { StopReason } from '../model/journal.ts'

const REASONS: Readonly<Record<string, StopReason>> = {
  SIGTERM: 'terminated',
  SIGHUP: 'terminated',
  SIGINT: 'interrupted',
}

export interface Signals {
  /** From now on signals go to `listener`; those that came before go there at once. */
  readonly tell: (listener: (reason: StopReason, signal: string) => void) => void
  /** A signal that was heard elsewhere. */
  readonly heard: (signal: string) => void
}

/** Handlers stand before anything else is done: a signal from here on never ends the process by itself. */
export function hearSignals(): Signals {
  const early: string[] = []
  let hear = (signal: string): void => void early.push(signal)
  for (const signal of Object.keys(REASONS)) process.on(signal, () => hear(signal))
  return {
    tell(listener) {
      hear = (signal) => listener(REASONS[signal] ?? 'terminated', signal)
      for (const signal of early.splice(0)) hear(signal)
    },
    heard: (signal) => hear(signal),
  }
}
