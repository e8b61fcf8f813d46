import type { Step } from './explore.ts'
import type { Rules } from './rules.ts'
import {
  at,
  close,
  end,
  fork,
  inodeOf,
  isStillAt,
  letGo,
  NONE,
  openName,
  type Process,
  tryLock,
  type World,
} from './world.ts'

/** What a process does where it stands; a place that is not in the table has no step (it waits). */
export type Program = Readonly<Record<string, readonly Step[]>>

export interface ClaimParts {
  readonly rules: Rules
  /** Where to go with all names held and clean, and with one that is busy or could not be cleaned. */
  readonly onHeld: (process: Process) => string
  readonly onBusy: string
  /** Does this process recover what it finds dirty, or leave it. */
  readonly recovers: (process: Process) => boolean
}

/** src/lock/nameLocks.ts and src/lock/claim.ts: all names or none, and what the last holders left is recovered first. */
export function claimProgram({ rules, onHeld, onBusy, recovers }: ClaimParts): Program {
  /** Nobody writes to the journal while we have the run lock: lock and look are one step. */
  const lookAtJournal = (world: World, pid: number, id: number): string => {
    const process = at(world.processes, pid)
    const run = at(world.runs, id)
    const isRecovered = (process.recovered & (1 << id)) !== 0
    if (rules.onlyCleared ? run.verified : isRecovered) {
      process.at = 'clears'
      return `finds run ${id} torn down`
    }
    if (run.lock === pid) run.lock = NONE
    if (isRecovered) return giveUp(world, process, `could not clean run ${id}`)
    process.at = 'asksToStop'
    return `finds run ${id} not torn down`
  }
  const giveUp = (world: World, process: Process, why: string): string => {
    letGo(world, process)
    process.at = onBusy
    return why
  }
  return {
    ...lockSteps(rules, giveUp),
    looksAtOpenRuns: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const open = world.runs.map((run, id) =>
          run.open && run.names.some((name) => process.names.includes(name)) ? id : NONE,
        )
        if (rules.looksForLeftovers && rules.looksAtOpenRuns) process.dirty |= setOf(open)
        process.at = 'settles'
        return 'looks at open runs'
      },
    ],
    settles: [
      (world, pid) => {
        const process = at(world.processes, pid)
        process.k = 0
        process.met = false
        const run = firstOf(process.dirty)
        if (run === NONE) {
          process.at = onHeld(process)
          return 'finds its names clean'
        }
        if (!recovers(process)) return giveUp(world, process, `finds run ${run} there`)
        const { lock } = at(world.runs, run)
        if (rules.runLock && lock !== NONE)
          return giveUp(world, process, `meets somebody who conducts run ${run}`)
        if (rules.runLock) at(world.runs, run).lock = pid
        return lookAtJournal(world, pid, run)
      },
    ],
    asksToStop: [
      (world, pid) => {
        const process = at(world.processes, pid)
        if (rules.stopBeforeRecovery) at(world.runs, firstOf(process.dirty)).stop = true
        process.at = 'recovers'
        return 'writes stop.json'
      },
    ],
    recovers: [(world, pid) => launchRecovery(world, pid, rules)],
    awaits: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const child = world.processes.find(({ at: where, parent }) => where === 'zombie' && parent === pid)
        if (child === undefined) return null
        Object.assign(child, { at: 'gone', kind: 'none', parent: NONE, code: 0 })
        process.recovered |= 1 << firstOf(process.dirty)
        process.at = 'settles'
        return 'hears that the wrapper has ended'
      },
    ],
    ...clearSteps((process) => firstOf(process.dirty), 'settles'),
  }
}

function lockSteps(rules: Rules, giveUp: (world: World, process: Process, why: string) => string): Program {
  const nextName = (world: World, process: Process): void => {
    process.k++
    process.at = process.k === process.names.length ? 'looksAtOpenRuns' : 'opens'
    if (process.at === 'opens' || !rules.looksForLeftovers) return
    for (const fd of process.fds) process.dirty |= setOf([at(world.marks, inodeOf(world, fd))])
  }
  const compare = (
    world: World,
    process: Process,
    then: (world: World, process: Process) => void,
  ): string => {
    const [name, fd] = [at(process.names, process.k), at(process.fds, process.k)]
    if (isStillAt(world, fd, name)) {
      then(world, process)
      return `compares: still at name ${name}`
    }
    close(world, process.fds.pop() ?? NONE)
    process.at = 'opens'
    return `compares: another file is at name ${name}`
  }
  return {
    opens: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const name = at(process.names, process.k)
        process.fds.push(openName(world, name))
        process.at = compares(rules, process) && !rules.comparesLate ? 'comparesEarly' : 'locks'
        return `opens name ${name}`
      },
    ],
    comparesEarly: [
      (world, pid) =>
        compare(world, at(world.processes, pid), (_world, process) => void (process.at = 'locks')),
    ],
    locks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const name = at(process.names, process.k)
        if (!tryLock(world, at(process.fds, process.k)))
          return giveUp(world, process, `finds name ${name} locked`)
        if (compares(rules, process) && rules.comparesLate) process.at = 'compares'
        else nextName(world, process)
        return `locks name ${name}`
      },
    ],
    compares: [(world, pid) => compare(world, at(world.processes, pid), nextName)],
  }
}

function compares(rules: Rules, { kind }: Process): boolean {
  return kind === 'janitor' ? rules.janitorCompares : rules.comparesAfterLocking
}

/** src/process/recovery.ts: the wrapper of the dead run, with the locks of its names that we have. */
function launchRecovery(world: World, pid: number, rules: Rules): string | null {
  const process = at(world.processes, pid)
  const run = firstOf(process.dirty)
  const { names } = at(world.runs, run)
  const shared = process.names.flatMap((name, index) =>
    names.includes(name) ? [{ name, fd: at(process.fds, index) }] : [],
  )
  const given = rules.handsLocksOver ? shared.map(({ fd }) => fd) : shared.map(() => NONE)
  const untilExec = process.fds.filter((fd) => !given.includes(fd))
  const child = fork(world, {
    kind: 'wrapper',
    at: untilExec.length === 0 ? 'forks' : 'execs',
    parent: pid,
    run,
    names: shared.map(({ name }) => name),
    fds: [...given, ...untilExec],
    turns: MOST_STARTS,
    recovered: 1,
  })
  if (child === NONE) return null
  process.at = 'awaits'
  return `launches the wrapper of run ${run} (process ${child})`
}

/** The wrapper's starts of a run process; the real one has four, which adds nothing but states. */
export const MOST_STARTS = 2

/** src/lock/release.ts: marks of the run on the names that are held; then, if none is left anywhere, its entry in `open/`. */
export function clearSteps(runOf: (process: Process) => number, then: string): Program {
  return {
    clears: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const run = runOf(process)
        const [name, fd] = [at(process.names, process.k), process.fds[process.k] ?? NONE]
        const isMarked = fd !== NONE && isStillAt(world, fd, name) && world.marks[inodeOf(world, fd)] === run
        if (isMarked) world.marks[inodeOf(world, fd)] = NONE
        process.k++
        if (process.k === process.names.length)
          Object.assign(process, { k: 0, met: false, at: 'looksForItsMarks' })
        return `${isMarked ? 'clears the' : 'finds no'} mark of run ${run} at name ${name}`
      },
    ],
    looksForItsMarks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const run = runOf(process)
        const { names } = at(world.runs, run)
        const name = at(names, process.k)
        const inode = at(world.paths, name)
        if (inode !== NONE && world.marks[inode] === run) process.met = true
        process.k++
        if (process.k === names.length) process.at = 'endsEntry'
        return `looks for a mark of run ${run} at name ${name}`
      },
    ],
    endsEntry: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const id = runOf(process)
        const run = at(world.runs, id)
        if (!process.met) run.open = false
        if (process.kind !== 'conductor' && run.lock === pid) run.lock = NONE
        process.dirty &= ~(1 << id)
        process.k = 0
        process.at = then
        return run.open ? `leaves the entry of run ${id}` : `removes the entry of run ${id}`
      },
    ],
  }
}

export function ends(code: number): Step {
  return (world, pid) => {
    end(world, pid, code)
    return `ends with ${code}`
  }
}

function setOf(runs: readonly number[]): number {
  return runs.reduce((set, run) => (run === NONE ? set : set | (1 << run)), 0)
}

function firstOf(set: number): number {
  return set === 0 ? NONE : 31 - Math.clz32(set & -set)
}
