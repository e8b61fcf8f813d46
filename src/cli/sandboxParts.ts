import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, openSync, readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { EXIT, HarnessError } from '../errors.ts'

/** Their standard error goes to a file; an end of standard input tells them that we are gone. */
export function startPart(log: string, words: readonly string[], env: NodeJS.ProcessEnv): ChildProcess {
  const [file = '', ...rest] = words
  const fd = openSync(log, 'a', 0o600)
  try {
    return spawn(file, rest, { env, stdio: ['pipe', 'pipe', fd], detached: true })
  } finally {
    closeSync(fd)
  }
}

/** The first line of the child's output that has the words; its further output is dropped. */
export async function lineWith(
  child: ChildProcess,
  words: string,
  what: string,
  log: string,
): Promise<string> {
  if (child.stdout === null) throw new HarnessError('SANDBOX', `${what} has no output`)
  const lines = createInterface(child.stdout)
  const line = await new Promise<string | null>((resolve) => {
    lines.on('line', (text) => {
      if (text.includes(words)) resolve(text)
    })
    child.once('exit', () => resolve(null))
    child.once('error', () => resolve(null))
  })
  if (line !== null) return line
  throw new HarnessError('SANDBOX', `${what} ended before it was ready: ${tailOf(log)}`, {
    exitCode: EXIT.taken,
  })
}

export function tailOf(log: string): string {
  return readFileSync(log, 'utf8').trim().split('\n').slice(-5).join('\n')
}

/** Ends a part in order and waits until it is gone; with `null` it only waits. */
export async function end(child: ChildProcess, signal: NodeJS.Signals | null = 'SIGTERM'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  if (signal !== null) child.kill(signal)
  await ended
}

/** Resolves when one of them has ended. */
export function deathOf(...children: readonly ChildProcess[]): Promise<true> {
  return new Promise((resolve) => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) resolve(true)
      child.once('exit', () => resolve(true))
    }
  })
}
