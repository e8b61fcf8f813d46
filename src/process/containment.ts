import { setTimeout as pause } from 'node:timers/promises'
import type { Ending } from '../model/ending.ts'
import type { Containment } from '../model/journal.ts'
import {
  cgroupBase,
  endCgroup,
  joinCommand,
  keepReady,
  makeCgroup,
  membersOfCgroup,
  removeRunCgroup,
} from './cgroup.ts'
import type { Killed } from './killed.ts'
import { signalPid } from './procfs.ts'
import { type Marked, markedProcesses, SWEPT, sweep } from './sweep.ts'

/** What ending a containment came to; processes by pid. */
export interface Ended extends Pick<Ending, 'tookMs' | 'proofs'> {
  /** Were asked to end. */
  readonly asked: ReadonlySet<number>
  /** Were seen when KILL was sent. */
  readonly killed: ReadonlySet<number>
  /** What is left, named; empty = the kernel says that nothing is. */
  readonly left: readonly string[]
}

/** How the processes of one run are kept together; each stage has a part of its own. */
export interface RunContainment {
  /** The best level that this machine offers: in the journal, on the run's page, and in `doctor`. */
  readonly level: Containment['kind']
  /** While this scope lasts the kernel is kept ready for a stage to join its part at once; changes nothing, and may fail unheard. */
  readonly readied: () => Disposable
  /** Makes the part for a stage; its record goes to the journal before the stage starts. */
  readonly make: (stage: string) => Containment
  /** The command line that joins the part and then becomes `command`; one that cannot join says so (`openJoining`), and ends. */
  readonly command: (part: Containment, command: readonly string[]) => readonly string[]
  /**
   * Ends everything in the parts: TERM and CONT (a stopped process keeps TERM pending), one grace, then KILL until the kernel says that they
   * are empty, by something that a process still joining cannot slip past.
   */
  readonly end: (parts: readonly Containment[], graceMs: number) => Promise<Ended>
  /** Ends all parts, then all that carries the run's mark, and removes the cgroups: the last word of a teardown. */
  readonly endAll: (parts: readonly Containment[], graceMs: number) => Promise<Ended>
}

/** Whose processes a containment may take for its own, beside those that it was told of. */
export type Whose = Pick<Marked, 'reaper' | 'uid'>

/** The containment of a run's processes, as the process that conducts the run sees it. */
export function createContainment(run: string, whose: Whose): RunContainment {
  const base = cgroupBase()
  return {
    level: base === null ? 'sweep' : 'cgroup',
    readied: () => readied(base),
    make: (stage) => makePart(base, run, stage),
    command: (part, command) => (part.kind === 'cgroup' ? joinCommand(part.path, command) : command),
    end: (parts, graceMs) => endParts(parts, whose, graceMs),
    async endAll(parts, graceMs) {
      const paths = new Set(parts.flatMap((part) => (part.kind === 'cgroup' ? [part.path] : [])))
      const cgroups = [...paths].map((path) => ({ kind: 'cgroup', path }) as const)
      const ended = await endParts([...cgroups, { kind: 'sweep', run, stage: '' }], whose, graceMs)
      const stuck = [...paths].flatMap(removeRunCgroup)
      return { ...ended, left: [...new Set([...ended.left, ...stuck])] }
    },
  }
}

function readied(base: string | null): Disposable {
  const done = new AbortController()
  if (base !== null) void keepReady(base, done.signal)
  return { [Symbol.dispose]: () => done.abort() }
}

/** A cgroup that cannot be made (a full table, a changed delegation) must not keep a teardown from coming. */
function makePart(base: string | null, run: string, stage: string): Containment {
  const path = base === null ? null : makeCgroup(base, run, stage)
  return path === null ? { kind: 'sweep', run, stage } : { kind: 'cgroup', path }
}

/** One grace for all of them together: a run's teardown takes no longer for what its many stages have left. */
async function endParts(parts: readonly Containment[], whose: Whose, graceMs: number): Promise<Ended> {
  const startedAt = performance.now()
  const asked = new Set(membersOf(parts, whose))
  for (const pid of asked) for (const signal of ['SIGTERM', 'SIGCONT'] as const) signalPid(pid, signal)
  if (asked.size > 0) await emptied(() => membersOf(parts, whose), graceMs)
  const ends = await Promise.all(parts.map((part) => killPart(part, whose, asked.size > 0)))
  return {
    asked,
    killed: new Set(ends.flatMap(({ killed }) => [...killed])),
    tookMs: performance.now() - startedAt,
    proofs: ends.flatMap(({ proofs }) => proofs),
    left: ends.flatMap(({ left }) => left),
  }
}

function membersOf(parts: readonly Containment[], whose: Whose): readonly number[] {
  return parts.flatMap((part) => membersOfPart(part, whose))
}

function membersOfPart(part: Containment, whose: Whose): readonly number[] {
  return part.kind === 'cgroup' ? membersOfCgroup(part.path) : markedProcesses({ ...part, ...whose })
}

/** What was given up before the kernel showed that it is empty counts as left, whatever a last look says. */
async function killPart(
  part: Containment,
  whose: Whose,
  wasAsked: boolean,
): Promise<Pick<Ended, 'killed' | 'proofs' | 'left'>> {
  const { killed, isShown, proofs } = await killAllIn(part, whose, wasAsked)
  const where = part.kind === 'cgroup' ? part.path : 'found by its mark'
  const isQuiet = isShown && killed.size === 0
  const members = isQuiet ? [] : membersOfPart(part, whose).map((pid) => `process ${pid} (${where})`)
  const isLeft = isShown || members.length > 0
  return { killed, proofs, left: isLeft ? members : [`not shown to be empty (${where})`] }
}

/** Where nobody was asked to end, one more look at /proc is enough to show that nothing is. */
async function killAllIn(part: Containment, whose: Whose, wasAsked: boolean): Promise<Killed> {
  if (part.kind === 'cgroup') return endCgroup(part.path)
  if (wasAsked || membersOfPart(part, whose).length > 0) return sweep({ ...part, ...whose })
  return { killed: new Set(), ...SWEPT }
}

/** Waits until nothing is left or the grace is over. Looks often at first: most processes obey at once. */
async function emptied(members: () => readonly number[], graceMs: number): Promise<void> {
  const end = performance.now() + graceMs
  for (let pauseMs = 1; performance.now() < end; pauseMs = Math.min(pauseMs * 2, 50)) {
    if (members().length === 0) return
    await pause(pauseMs)
  }
}
