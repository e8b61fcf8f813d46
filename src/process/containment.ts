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
  ownCgroup,
  removeRunCgroup,
} from './cgroup.ts'
import type { Killed } from './killed.ts'
import type { OpenNamespace } from './openNamespace.ts'
import { endNamespace, membersOfNamespace } from './pidNamespace.ts'
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
  /** The command line that joins the part and then becomes `command` in the folder; one that cannot join says so (`openJoining`), and ends. */
  readonly command: (part: Containment, folder: string, command: readonly string[]) => readonly string[]
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

/** What is asked of a machine, best first. */
export interface Offers {
  readonly cgroupBase: () => string | null
  readonly openNamespace: () => Promise<OpenNamespace | null>
}

const THIS_MACHINE: Offers = {
  cgroupBase,
  /** Loaded only where there are no cgroups: most runs do not need it. */
  openNamespace: async () => (await import('./openNamespace.ts')).openNamespace(),
}

/** The containment of a run's processes, as the process that conducts the run sees it: the first of the three levels that is to be had. */
export async function createContainment(
  run: string,
  of: Whose,
  offers: Offers = THIS_MACHINE,
): Promise<RunContainment> {
  const base = offers.cgroupBase()
  const namespace = base === null ? await offers.openNamespace() : null
  const whose = withKeepers(of, namespace)
  return {
    level: base !== null ? 'cgroup' : namespace !== null ? 'pid-namespace' : 'sweep',
    readied: () => readied(base === null ? null : ownCgroup()),
    make: (stage) => makePart(base, namespace, run, stage),
    command(part, folder, command) {
      if (part.kind === 'cgroup') return joinCommand(part.path, command)
      return part.kind === 'sweep' || namespace === null ? command : namespace.enter(folder, command)
    },
    end: (parts, graceMs) => endParts(parts, whose, graceMs),
    async endAll(parts, graceMs) {
      const wholes = uniqueWholes(parts)
      const ended = await endParts([...wholes, { kind: 'sweep', run, stage: '' }], whose, graceMs)
      const stuck = wholes.flatMap((part) => (part.kind === 'cgroup' ? removeRunCgroup(part.path) : []))
      return { ...ended, left: [...new Set([...ended.left, ...stuck])] }
    },
  }
}

function withKeepers(whose: Whose, namespace: OpenNamespace | null): Marking {
  const keepers = namespace?.keepers ?? []
  return {
    reaper: whose.reaper,
    keepers,
    get uid() {
      return whose.uid
    },
  }
}

type Marking = Whose & Pick<Marked, 'keepers'>

/** Each cgroup once, and each namespace as a whole. Those that are only marked go with the run's mark. */
function uniqueWholes(parts: readonly Containment[]): readonly Containment[] {
  const wholes = parts.map((part) => (part.kind === 'pid-namespace' ? { ...part, stage: '' } : part))
  const byText = new Map(wholes.map((part) => [JSON.stringify(part), part]))
  return [...byText.values()].filter(({ kind }) => kind !== 'sweep')
}

function readied(own: string | null): Disposable {
  const done = new AbortController()
  if (own !== null) void keepReady(own, done.signal)
  return { [Symbol.dispose]: () => done.abort() }
}

/** A part that cannot be made (a full table, a changed delegation, a namespace that somebody has ended) must not keep a teardown from coming. */
function makePart(
  base: string | null,
  namespace: OpenNamespace | null,
  run: string,
  stage: string,
): Containment {
  const path = base === null ? null : makeCgroup(base, run, stage)
  if (path !== null) return { kind: 'cgroup', path }
  return namespace?.part(run, stage) ?? { kind: 'sweep', run, stage }
}

/** One grace for all of them together: a run's teardown takes no longer for what its many stages have left. */
async function endParts(parts: readonly Containment[], whose: Marking, graceMs: number): Promise<Ended> {
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

function membersOf(parts: readonly Containment[], whose: Marking): readonly number[] {
  return parts.flatMap((part) => membersOfPart(part, whose))
}

function membersOfPart(part: Containment, whose: Marking): readonly number[] {
  if (part.kind === 'cgroup') return membersOfCgroup(part.path)
  return part.kind === 'pid-namespace' ? membersOfNamespace(part) : markedProcesses({ ...part, ...whose })
}

/** What was given up before the kernel showed that it is empty counts as left, whatever a last look says. */
async function killPart(
  part: Containment,
  whose: Marking,
  wasAsked: boolean,
): Promise<Pick<Ended, 'killed' | 'proofs' | 'left'>> {
  const { killed, isShown, proofs } = await killAllIn(part, whose, wasAsked)
  const where = placeOf(part)
  const isQuiet = isShown && killed.size === 0
  const members = isQuiet ? [] : membersOfPart(part, whose).map((pid) => `process ${pid} (${where})`)
  const isLeft = isShown || members.length > 0
  return { killed, proofs, left: isLeft ? members : [`not shown to be empty (${where})`] }
}

/** Where nobody was asked to end, one more look at /proc is enough to show that nothing is. */
async function killAllIn(part: Containment, whose: Marking, wasAsked: boolean): Promise<Killed> {
  if (part.kind === 'cgroup') return endCgroup(part.path)
  if (part.kind === 'pid-namespace' && part.stage === '') return endNamespace(part)
  if (wasAsked || membersOfPart(part, whose).length > 0) return sweep(() => membersOfPart(part, whose))
  return { killed: new Set(), ...SWEPT }
}

function placeOf(part: Containment): string {
  if (part.kind === 'cgroup') return part.path
  return part.kind === 'pid-namespace' ? `PID namespace ${part.inode}` : 'found by its mark'
}

/** Waits until nothing is left or the grace is over. Looks often at first: most processes obey at once. */
async function emptied(members: () => readonly number[], graceMs: number): Promise<void> {
  const end = performance.now() + graceMs
  for (let pauseMs = 1; performance.now() < end; pauseMs = Math.min(pauseMs * 2, 50)) {
    if (members().length === 0) return
    await pause(pauseMs)
  }
}
