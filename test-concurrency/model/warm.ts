import { MOST_STARTS, type Program } from './claim.ts'
import type { Step } from './explore.ts'
import type { Rules } from './rules.ts'
import {
  at,
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

/** src/process/warmRuns.ts and src/lock/claimWarm.ts: a starter's processes begin ahead of its locks, and share the descriptors, open and not locked. */
export function warmProgram(rules: Rules, { opens = [] }: Program): Program {
  return {
    opens: [
      ...opens.map(
        (step): Step =>
          (world, pid) =>
            hasWarm(world, pid) ? null : step(world, pid),
      ),
      opensAhead,
      endsWarm,
    ],
    opensAhead: [opensAhead],
    launchesAhead: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const { run, names, fds } = process
        const warm = { kind: 'wrapper', at: 'waitsForGo', parent: pid, run, names } as const
        if (fork(world, { ...warm, fds: [...fds], turns: MOST_STARTS }) === NONE) return null
        Object.assign(process, { at: 'locksAhead', k: 0 })
        return `starts the wrapper of run ${run} ahead`
      },
    ],
    locksAhead: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const name = at(process.names, process.k)
        const isLocked = tryLock(world, at(process.fds, process.k))
        if (!isLocked && process.k === 0) return null
        if (isLocked) process.at = rules.warmCompares ? 'comparesAhead' : nextAhead(world, process)
        else startAnew(world, process)
        return isLocked ? `locks name ${name}` : `finds name ${name} locked`
      },
      (world, pid) => {
        const process = at(world.processes, pid)
        if (process.k > 0) return null
        startAnew(world, process)
        return 'does not wait with its processes any more'
      },
    ],
    comparesAhead: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const name = at(process.names, process.k)
        if (isStillAt(world, at(process.fds, process.k), name)) process.at = nextAhead(world, process)
        else startAnew(world, process)
        return `compares: ${process.at === 'opens' ? 'another file is' : 'still'} at name ${name}`
      },
    ],
  }
}

/** `go`: the processes that were started ahead have the locks now; null = there are none, others must be started. */
export function tellsGo(world: World, pid: number): string | null {
  const warm = warmOf(world, pid)
  if (warm === undefined) return null
  Object.assign(warm, { at: 'forks', parent: NONE })
  at(world.processes, pid).at = 'closes'
  return `tells the wrapper of run ${warm.run} to go`
}

const opensAhead: Step = (world, pid) => {
  const process = at(world.processes, pid)
  if (process.turns !== 1 || hasWarm(world, pid)) return null
  const name = at(process.names, process.fds.length)
  process.fds.push(openName(world, name))
  const isLast = process.fds.length === process.names.length
  Object.assign(process, isLast ? { at: 'launchesAhead', turns: 0 } : { at: 'opensAhead' })
  return `opens name ${name} ahead`
}

/** Only the end of all who share the descriptors gives up what was locked through them. */
const endsWarm: Step = (world, pid) => {
  const warm = warmOf(world, pid)
  if (warm === undefined) return null
  const { run } = warm
  end(world, world.processes.indexOf(warm), 75)
  return `ends the processes of run ${run} that it started ahead`
}

function startAnew(world: World, process: Process): void {
  letGo(world, process)
  process.at = 'opens'
}

function nextAhead(world: World, process: Process): string {
  process.k++
  if (process.k < process.names.length) return 'locksAhead'
  for (const fd of process.fds) {
    const run = at(world.marks, inodeOf(world, fd))
    if (run !== NONE) process.dirty |= 1 << run
  }
  return 'looksAtOpenRuns'
}

function hasWarm(world: World, pid: number): boolean {
  return warmOf(world, pid) !== undefined
}

/** The wrapper that waits for this starter's word. */
function warmOf(world: World, pid: number): Process | undefined {
  return world.processes.find(({ at: where, parent }) => where === 'waitsForGo' && parent === pid)
}
