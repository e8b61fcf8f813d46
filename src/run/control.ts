import { Socket } from 'node:net'
import { fieldsOf, optional, textOf } from '../model/read.ts'

/** What comes through the control pipe: one line with the credentials, then nothing until its end. */
export interface Control {
  /** The clone URL's secret; null where none is needed, or where the pipe ended before it came. */
  readonly cloneToken: Promise<string | null>
  /** Waits for the line; false = the pipe ended before it was complete. Keeps the process alive meanwhile. */
  readonly hasGo: () => Promise<boolean>
  /** Calls back when the other end is gone. */
  readonly onEnd: (gone: () => void) => void
}

/** @param fd null in a process that was started again: it goes nowhere, and needs no credentials */
export function openControl(fd: number | null): Control {
  if (fd === null)
    return {
      cloneToken: Promise.resolve(null),
      hasGo: () => Promise.resolve(false),
      onEnd: () => undefined,
    }
  const pipe = new Socket({ fd, readable: true, writable: false })
  const line = firstLine(pipe)
  pipe.unref()
  return {
    cloneToken: line.then((text) =>
      text === null ? null : optional(fieldsOf(JSON.parse(text), 'control'), 'cloneToken', textOf),
    ),
    async hasGo() {
      pipe.ref()
      const text = await line
      pipe.unref()
      return text !== null
    },
    onEnd(gone) {
      if (pipe.closed) gone()
      else pipe.once('close', gone)
    },
  }
}

function firstLine(pipe: Socket): Promise<string | null> {
  return new Promise((resolve) => {
    let text = ''
    pipe.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8')
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')))
    })
    pipe.on('error', () => resolve(null))
    pipe.on('close', () => resolve(null))
  })
}
