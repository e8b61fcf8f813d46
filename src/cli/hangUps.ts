import { statOf } from '../process/procfs.ts'

/** What SIGHUP means: whoever sends it wants the configuration read anew; the kernel sends it when a terminal is closed. */
export interface HangUps {
  /** Resolves when the terminal is gone that the process was started at: nobody sees its log any more, or can end it by Ctrl-C. */
  readonly gone: Promise<void>
  /** From now on tells this one, also of what came before; however many come at once are one. */
  readonly tell: (listener: () => void) => void
}

/** From now on SIGHUP does not end this process by itself. */
export function hearHangUps(): HangUps {
  const hadTerminal = hasTerminal()
  const gone = Promise.withResolvers<void>()
  let isAsked = false
  let listener: (() => void) | null = null

  function pass(): void {
    if (!isAsked || listener === null) return
    isAsked = false
    listener()
  }

  process.on('SIGHUP', () => {
    if (hadTerminal && !hasTerminal()) return gone.resolve()
    isAsked = true
    setImmediate(pass)
  })
  return {
    gone: gone.promise,
    tell(other) {
      listener = other
      setImmediate(pass)
    },
  }
}

/** A terminal that hangs up is taken from all of its session before anybody is sent a signal for it (tty_signal_session_leader in Linux). */
function hasTerminal(): boolean {
  return (statOf(process.pid)?.terminal ?? 0) !== 0
}
