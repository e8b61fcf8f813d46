import { type ChildProcess, spawn } from 'node:child_process'
import { join } from 'node:path'
import type { ProcessIdentity } from '../model/journal.ts'
import { type Name, nameFault } from '../model/names.ts'
import { fieldsOf, numberOf, optional, textOf } from '../model/read.ts'
import { identityOf, isAlive, signalIdentity } from '../process/procfs.ts'
import { readIfThere, removeIfThere, replaceFile } from '../store/durable.ts'
import { entriesOf, type StatePaths } from '../store/stateFolder.ts'
import type { Held } from './nameLocks.ts'

/** A name that a person keeps to themselves: a note for others. The lock itself is the truth. */
export interface Hold {
  readonly name: Name
  readonly reason: string
  readonly by: string
  readonly untilMs: number
  /** The order that it carries out; null = a command's. */
  readonly order: string | null
  readonly holder: ProcessIdentity
}

/**
 * Starts the small process that keeps the lock until its time is over: `sleep` in a session of its own. It waits for a word after the note is
 * on disk: a starter that dies before leaves a free name, and not one that nobody could see whose it is, or end.
 */
export async function holdInBackground(
  paths: StatePaths,
  held: Held,
  hold: Omit<Hold, 'holder'>,
  forMs: number,
): Promise<Hold> {
  const child = spawn('sh', ['-c', 'read -r go && exec sleep "$0"', String(forMs / 1000)], {
    cwd: '/',
    detached: true,
    env: { PATH: process.env['PATH'] },
    stdio: ['pipe', 'ignore', 'ignore', ...held.fds],
  })
  await new Promise<void>((resolve, reject) => {
    child.once('spawn', resolve)
    child.once('error', reject)
  })
  child.unref()
  try {
    const noted = noteHold(paths, hold, child.pid ?? 0)
    await told(child)
    return noted
  } catch (error) {
    child.kill('SIGKILL')
    throw error
  }
}

/** Who hears nothing any more has been killed: without a listener that would end us, too. */
function told({ stdin }: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    stdin?.once('error', reject).once('finish', resolve).end('go\n')
  })
}

/** Notes who keeps the name and why. */
export function noteHold(paths: StatePaths, hold: Omit<Hold, 'holder'>, pid: number): Hold {
  const holder = identityOf(pid)
  if (holder === null) throw new Error(`process ${pid}, which was to hold ${hold.name}, has ended`)
  const noted = { ...hold, holder }
  replaceFile(holdPath(paths, hold.name), `${JSON.stringify(noted)}\n`)
  return noted
}

/** The live hold of a name, or null: a dead or expired one is simply free. A note that cannot be read says nothing: the lock is the truth. */
export function holdOf(paths: StatePaths, name: Name): Hold | null {
  if (nameFault(name) !== null) return null
  try {
    const text = readIfThere(holdPath(paths, name))
    const hold = text === null ? null : readHold(JSON.parse(text))
    return hold !== null && isAlive(hold.holder) ? hold : null
  } catch {
    return null
  }
}

/** Ends the process that keeps the name. One that is stopped hears of it when it is let go on. */
export function endHold(paths: StatePaths, hold: Hold): void {
  for (const signal of ['SIGTERM', 'SIGCONT'] as const) signalIdentity(hold.holder, signal)
  removeIfThere(holdPath(paths, hold.name))
}

/** Names that somebody keeps by hand, or has kept. */
export function namesWithHolds(paths: StatePaths): readonly Name[] {
  return entriesOf(paths.holds)
    .filter((entry) => entry.endsWith(NOTE))
    .map((entry) => entry.slice(0, -NOTE.length))
}

const NOTE = '.json'

function holdPath(paths: StatePaths, name: Name): string {
  return join(paths.holds, `${name}${NOTE}`)
}

function readHold(value: unknown): Hold {
  const fields = fieldsOf(value, 'hold')
  const holder = fieldsOf(fields['holder'], 'holder')
  return {
    name: textOf(fields, 'name'),
    reason: textOf(fields, 'reason'),
    by: textOf(fields, 'by'),
    untilMs: numberOf(fields, 'untilMs'),
    order: optional(fields, 'order', textOf),
    holder: {
      pid: numberOf(holder, 'pid'),
      startTime: textOf(holder, 'startTime'),
      boot: textOf(holder, 'boot'),
    },
  }
}
