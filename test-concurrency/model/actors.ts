import { claimProgram, ends, MOST_STARTS, type Program } from './claim.ts'
import type { Step } from './explore.ts'
import type { Rules } from './rules.ts'
import { tellsGo, warmProgram } from './warm.ts'
import { at, close, fork, inodeOf, letGo, NONE } from './world.ts'

/** src/lock/startRun.ts after a claim: entry, marks, wrapper, in this order; then its own descriptors go. */
export function starterProgram(rules: Rules): Program {
  const afterClaim = rules.recordsBeforeLaunch ? 'adds its entry' : 'launches'
  const claim = claimProgram({ rules, onHeld: () => afterClaim, onBusy: 'opens', recovers: () => true })
  return {
    ...claim,
    ...warmProgram(rules, claim),
    'adds its entry': [
      (world, pid) => {
        const process = at(world.processes, pid)
        at(world.runs, process.run).open = true
        Object.assign(process, { at: 'marks', k: 0 })
        return `adds the entry of run ${process.run}`
      },
    ],
    marks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        world.marks[inodeOf(world, at(process.fds, process.k))] = process.run
        process.k++
        if (process.k === process.names.length) process.at = rules.recordsBeforeLaunch ? 'launches' : 'closes'
        return `marks name ${process.names[process.k - 1]} with run ${process.run}`
      },
    ],
    launches: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const { run, names, fds } = process
        const told = tellsGo(world, pid)
        if (told !== null) return told
        const child = fork(world, {
          kind: 'wrapper',
          at: 'forks',
          run,
          names,
          fds: [...fds],
          turns: MOST_STARTS,
        })
        if (child === NONE) return null
        process.at = rules.recordsBeforeLaunch ? 'closes' : 'adds its entry'
        return `launches the wrapper of run ${run} (process ${child})`
      },
      (world, pid) => {
        at(world.processes, pid).at = 'unmarks'
        at(world.processes, pid).k = 0
        return 'cannot launch'
      },
    ],
    unmarks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const fd = process.fds[process.k]
        if (fd === undefined) {
          at(world.runs, process.run).open = false
          process.at = 'closes'
          return 'removes its entry'
        }
        world.marks[inodeOf(world, fd)] = NONE
        process.k++
        return 'clears its mark'
      },
    ],
    closes: [
      (world, pid) => {
        letGo(world, at(world.processes, pid))
        return ends(0)(world, pid)
      },
    ],
  }
}

/** Someone who only has the name for a while: `berth locks hold`, and every claim in as much as the lock file goes. */
export function acquirerProgram(rules: Rules): Program {
  return {
    ...claimProgram({ rules, onHeld: () => 'enters', onBusy: 'opens', recovers: () => true }),
    enters: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const other = world.processes.findIndex(
          (one) => one.at === 'leaves' && one.names[0] === process.names[0],
        )
        if (other !== NONE) world.fault = `processes ${other} and ${pid} both have name ${process.names[0]}`
        process.at = 'leaves'
        return 'enters'
      },
    ],
    leaves: [
      (world, pid) => {
        at(world.processes, pid).at = 'closes'
        return 'leaves'
      },
    ],
    closes: [
      (world, pid) => {
        const process = at(world.processes, pid)
        letGo(world, process)
        process.turns--
        process.at = 'opens'
        return process.turns > 0 ? 'closes' : ends(0)(world, pid)
      },
    ],
  }
}

/** src/janitor and src/lock/idle.ts: cleans a name that looks dirty; unlinks a lock file that nobody has or left anything in. */
export function janitorProgram(rules: Rules): Program {
  const claim = claimProgram({
    rules,
    onHeld: ({ turns }) =>
      turns === CLEANS ? 'lets go' : rules.unlinksUnderLock ? 'unlinks' : 'lets go, then unlinks',
    onBusy: 'lets go',
    recovers: ({ turns }) => turns === CLEANS,
  })
  return {
    ...claim,
    looksAtOpenRuns: [...(claim['looksAtOpenRuns'] ?? []), findsWaiter],
    sweeps: [sweeper(0, CLEANS), sweeper(0, UNLINKS), sweeper(1, CLEANS), sweeper(1, UNLINKS)],
    unlinks: [unlinks('lets go')],
    'lets go, then unlinks': [
      (world, pid) => {
        const process = at(world.processes, pid)
        for (const fd of process.fds.splice(0)) close(world, fd)
        process.at = 'unlinks late'
        return 'closes'
      },
    ],
    'unlinks late': [unlinks('lets go')],
    'lets go': [
      (world, pid) => {
        const process = at(world.processes, pid)
        letGo(world, process)
        Object.assign(process, { at: 'sweeps', names: [], turns: 0 })
        return 'closes'
      },
    ],
  }
}

const CLEANS = 1
const UNLINKS = 2

/** Whether the janitor has reason to look closer is seen without a lock. */
function sweeper(name: number, turns: number): Step {
  return (world, pid) => {
    const inode = world.paths[name]
    if (inode === undefined) return null
    const isDirty =
      (inode !== NONE && world.marks[inode] !== NONE) ||
      world.runs.some((run) => run.open && run.names.includes(name))
    if (turns === CLEANS ? !isDirty : inode === NONE || isDirty) return null
    Object.assign(at(world.processes, pid), { at: 'opens', names: [name], turns })
    return `looks closer at name ${name}, to ${turns === CLEANS ? 'clean' : 'remove'} it`
  }
}

/** A name that somebody waits for keeps its file. */
const findsWaiter: Step = (world, pid) => {
  const process = at(world.processes, pid)
  if (process.turns !== UNLINKS) return null
  letGo(world, process)
  process.at = 'lets go'
  return 'finds that somebody waits'
}

function unlinks(then: string): Step {
  return (world, pid) => {
    const process = at(world.processes, pid)
    const name = at(process.names, 0)
    world.paths[name] = NONE
    process.at = then
    return `unlinks name ${name}`
  }
}
