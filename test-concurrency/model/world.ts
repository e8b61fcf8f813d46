/**
 * A small machine for the protocol of design section 4: inodes and paths, open file descriptions with their locks, processes with
 * descriptors, and what the state folder says. A step is one system call, or one effect on a domain; between any two of them any other
 * process may act, and any process may be killed.
 */
export interface World {
  /** By name: the inode at its path, or NONE. */
  readonly paths: number[]
  /** By inode: the run in its mark, or NONE. */
  readonly marks: number[]
  /** By inode: the description that has its lock, or NONE. */
  readonly locks: number[]
  /** By description: its inode, and how many descriptors name it; 0 = closed. */
  readonly descriptions: { inode: number; copies: number }[]
  /** By run. */
  readonly runs: RunState[]
  /** By name: the run whose deployment stands there, or NONE. */
  readonly deployed: number[]
  readonly processes: Process[]
  /** So many places belong to those who are there from the beginning; children take the others. */
  readonly fixed: number
  /** How many more processes may be killed. */
  kills: number
  /** The law that was broken, or empty. */
  fault: string
}

export interface RunState {
  readonly names: readonly number[]
  /** Its entry in `open/`. */
  open: boolean
  stop: boolean
  verified: boolean
  /** Conducting processes so far; more than two are as two. */
  conductors: number
  /** The process that has the lock of its journal, or NONE. */
  lock: number
}

export interface Process {
  kind: Kind
  /** What it does next; `gone` = there is no such process (any more). */
  at: string
  parent: number
  /** How it ended, for a parent that still has to hear of it. */
  code: number
  /** The run that it starts, or conducts. */
  run: number
  /** Names whose locks it wants or has, in order; descriptors beside them, NONE where it has none. */
  names: readonly number[]
  fds: number[]
  /** A counter over names. */
  k: number
  /** A set of runs, one bit each, that it has found to be dirty; then what it has recovered already. */
  dirty: number
  recovered: number
  /** A mark of the run was met. */
  met: boolean
  /** How often it may begin again: turns of an acquirer, starts by a wrapper. */
  turns: number
}

export type Kind = 'starter' | 'acquirer' | 'janitor' | 'wrapper' | 'conductor' | 'stage' | 'none'

export const NONE = -1
export const GONE: Process = {
  kind: 'none',
  at: 'gone',
  parent: NONE,
  code: 0,
  run: NONE,
  names: [],
  fds: [],
  k: 0,
  dirty: 0,
  recovered: 0,
  met: false,
  turns: 0,
}

/** open(2) with O_CREAT. */
export function openName(world: World, name: number): number {
  if (world.paths[name] === NONE) {
    world.paths[name] = world.marks.length
    world.marks.push(NONE)
    world.locks.push(NONE)
  }
  world.descriptions.push({ inode: at(world.paths, name), copies: 1 })
  return world.descriptions.length - 1
}

/** flock(2), non-blocking. */
export function tryLock(world: World, fd: number): boolean {
  const inode = inodeOf(world, fd)
  const owner = at(world.locks, inode)
  if (owner !== NONE && owner !== fd) return false
  world.locks[inode] = fd
  return true
}

/** close(2): the lock goes with the last copy. */
export function close(world: World, fd: number): void {
  if (fd === NONE) return
  const description = at(world.descriptions, fd)
  description.copies--
  if (description.copies === 0 && world.locks[description.inode] === fd) world.locks[description.inode] = NONE
}

export function inodeOf(world: World, fd: number): number {
  return at(world.descriptions, fd).inode
}

export function isStillAt(world: World, fd: number, name: number): boolean {
  return world.paths[name] === inodeOf(world, fd)
}

/** fork(2): the child has copies of these descriptors. False = the model has no room for another process. */
export function fork(world: World, child: Partial<Process>): number {
  const pid = world.processes.findIndex(({ at: where }, index) => index >= world.fixed && where === 'gone')
  if (pid === NONE) return NONE
  world.processes[pid] = { ...GONE, ...child }
  for (const fd of child.fds ?? []) if (fd !== NONE) at(world.descriptions, fd).copies++
  return pid
}

/** The end of a process, by itself or by SIGKILL: the kernel closes what it had; a live parent hears the code. */
export function end(world: World, pid: number, code: number): void {
  const process = at(world.processes, pid)
  for (const fd of process.fds) close(world, fd)
  for (const run of world.runs) if (run.lock === pid) run.lock = NONE
  for (const child of world.processes) if (child.parent === pid) forget(child)
  const isHeard = process.parent !== NONE && !UNHEARD.has(process.at)
  world.processes[pid] = isHeard
    ? { ...GONE, at: 'zombie', kind: process.kind, parent: process.parent, code }
    : { ...GONE }
}

/** Whose end nobody waits for. */
const UNHEARD: ReadonlySet<string> = new Set(['zombie', 'waitsForGo'])

/** Without a parent a dead child is collected by nobody that matters. */
function forget(child: Process): void {
  child.parent = NONE
  if (child.at === 'zombie') Object.assign(child, GONE)
}

/** Closes all and holds nothing. */
export function letGo(world: World, process: Process): void {
  for (const fd of process.fds) close(world, fd)
  process.fds = []
  process.k = 0
  process.dirty = 0
  process.recovered = 0
}

export function at<T>(list: readonly T[], index: number): T {
  const value = list[index]
  if (value === undefined) throw new RangeError(`nothing at ${index}`)
  return value
}

export function copyOf(world: World): World {
  return {
    paths: world.paths.slice(),
    marks: world.marks.slice(),
    locks: world.locks.slice(),
    descriptions: world.descriptions.map((one) => ({ ...one })),
    runs: world.runs.map((one) => ({ ...one })),
    deployed: world.deployed.slice(),
    processes: world.processes.map((one) => ({ ...one, fds: one.fds.slice() })),
    fixed: world.fixed,
    kills: world.kills,
    fault: world.fault,
  }
}

/** Two worlds that differ only in the numbers of inodes and descriptions are one: numbers are given anew, in the order in which they are met. */
export function keyOf(world: World): string {
  const inodes = new Map<number, number>()
  const descriptions = new Map<number, number>()
  const numberOf = (map: Map<number, number>, key: number): number => {
    const known = map.get(key)
    if (known !== undefined) return known
    map.set(key, map.size)
    return map.size - 1
  }
  const seen = (fd: number): string => {
    if (fd === NONE) return '-'
    const inode = inodeOf(world, fd)
    return `${numberOf(descriptions, fd)}@${numberOf(inodes, inode)}${world.locks[inode] === fd ? '!' : ''}`
  }
  const paths = world.paths.map((inode) => (inode === NONE ? '-' : String(numberOf(inodes, inode))))
  const processes = world.processes.map((p) =>
    p.at === 'gone'
      ? '.'
      : `${p.kind[0]}${p.at},${p.parent},${p.code},${p.run},${p.names.join('')},${p.k},${p.dirty},${p.recovered},${p.met ? 1 : 0},${p.turns},${p.fds.map(seen).join('+')}`,
  )
  const marks = [...inodes.keys()].map((inode) => world.marks[inode])
  const runs = world.runs.map(
    (r) => `${Number(r.open)}${Number(r.stop)}${Number(r.verified)}${r.conductors}${r.lock}`,
  )
  return [
    paths.join(),
    processes.join(';'),
    marks.join(),
    runs.join(),
    world.deployed.join(),
    world.kills,
  ].join('|')
}
