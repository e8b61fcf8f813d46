import type { ReadStream } from 'node:tty'
import type { Screen } from './screen.ts'

/** xterm's control sequences: the alternate screen, no cursor, no wrapping; then the way back. Both may come twice. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l'
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l'
/** Terminals that know mode 2026 show a picture as a whole; the others pass it over. */
const [BEGIN, END] = ['\u001b[?2026h\u001b[H', '\u001b[J\u001b[?2026l']
const CTRL_C = '\u0003'
const CTRL_Z = '\u001a'

export interface FullScreen extends Disposable {
  /** Aborted by q, Ctrl-C, and where the terminal is gone. */
  readonly left: AbortSignal
  readonly draw: (lines: readonly string[]) => void
}

export interface Terminal {
  readonly stdin: Pick<ReadStream, 'isTTY' | 'setRawMode' | 'on' | 'off' | 'pause' | 'resume'>
  readonly stdout: Screen & NodeJS.EventEmitter
}

/**
 * Takes the whole terminal until it is disposed of, or the process ends in whatever way that lets it act: an uncaught error, too, finds the terminal as it was.
 * @param changed called after each key but those that leave, with it, and after a change of size
 */
export function fullScreen({ stdin, stdout }: Terminal, changed: (key: string) => void): FullScreen {
  const left = new AbortController()
  const { enter, leave } = modesOf({ stdin, stdout })
  function key(bytes: Buffer): void {
    const text = bytes.toString('latin1')
    if (text === 'q' || text === CTRL_C) left.abort()
    else if (text === CTRL_Z) {
      leave()
      process.kill(process.pid, 'SIGSTOP')
    } else changed(text)
  }
  /** Stopped from outside, a terminal is as the shell has left it. */
  function goOn(): void {
    enter()
    changed('')
  }
  const resized = () => changed('')
  const gone = () => left.abort()

  process.on('exit', leave)
  process.on('SIGCONT', goOn)
  stdout.on('resize', resized)
  stdout.on('error', gone)
  stdin.on('error', gone)
  stdin.on('end', gone)
  if (stdin.isTTY) stdin.on('data', key)
  enter()
  return {
    left: left.signal,
    draw: (lines) => stdout.write(`${BEGIN}${lines.map((line) => `${line}\u001b[K`).join('\r\n')}${END}`),
    [Symbol.dispose]() {
      leave()
      process.off('exit', leave)
      process.off('SIGCONT', goOn)
      stdout.off('resize', resized)
      stdin.off('end', gone)
      stdin.off('data', key)
      stdin.pause()
    },
  }
}

function modesOf({ stdin, stdout }: Terminal): { readonly enter: () => void; readonly leave: () => void } {
  let shown = false
  const raw = (isRaw: boolean) => (stdin.isTTY ? stdin.setRawMode(isRaw) : undefined)
  return {
    enter() {
      shown = true
      raw(true)
      stdout.write(ENTER)
    },
    leave() {
      if (!shown) return
      shown = false
      stdout.write(LEAVE)
      raw(false)
    },
  }
}
