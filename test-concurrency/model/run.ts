import { clearSteps, ends, type Program } from './claim.ts'
import type { Rules } from './rules.ts'
import { at, close, end, fork, NONE, type Process, type World } from './world.ts'

const BUSY = 75

/** scripts/run-wrapper: holds the locks and starts the run process again until its work is done. */
export function wrapperProgram(rules: Rules): Program {
  return {
    execs: [
      (world, pid) => {
        const wrapper = at(world.processes, pid)
        for (const fd of wrapper.fds.splice(wrapper.names.length)) close(world, fd)
        wrapper.at = 'forks'
        return 'becomes the wrapper: what it was not given is closed'
      },
    ],
    waitsForGo: [
      (world, pid) => {
        if (at(world.processes, pid).parent !== NONE || !rules.warmEndsWithStarter) return null
        end(world, pid, BUSY)
        return 'finds its starter gone, and ends'
      },
    ],
    forks: [
      (world, pid) => {
        const wrapper = at(world.processes, pid)
        const { run, names, fds, recovered } = wrapper
        const child = fork(world, {
          kind: 'conductor',
          at: 'takesRunLock',
          parent: pid,
          run,
          names,
          recovered,
          fds: [...fds],
        })
        if (child === NONE) return null
        if (!rules.wrapperHolds) for (const fd of wrapper.fds.splice(0)) close(world, fd)
        wrapper.turns--
        wrapper.at = 'waits'
        return `starts the run process of run ${run} (process ${child})`
      },
    ],
    waits: [
      (world, pid) => {
        const wrapper = at(world.processes, pid)
        const child = world.processes.find(({ at: where, parent }) => where === 'zombie' && parent === pid)
        if (child === undefined) return null
        const { code } = child
        Object.assign(child, { at: 'gone', kind: 'none', parent: NONE, code: 0 })
        if (code === 0 || code === BUSY || wrapper.turns === 0) end(world, pid, code)
        else wrapper.at = 'forks'
        return `hears that the run process ended with ${code}`
      },
    ],
  }
}

/** src/run: a first process goes forward, any other one only tears down; then the result, the marks, the end. */
export function conductorProgram(rules: Rules): Program {
  return {
    takesRunLock: [
      (world, pid) => {
        const run = at(world.runs, at(world.processes, pid).run)
        if (rules.runLock && run.lock !== NONE) {
          end(world, pid, BUSY)
          return 'finds somebody else at the run, and ends'
        }
        if (rules.runLock) run.lock = pid
        const process = at(world.processes, pid)
        run.conductors = Math.min(2, run.conductors + 1)
        process.k = 0
        process.at = firstStep(rules, run)
        return `takes the run lock and journals its start; next it ${process.at}`
      },
    ],
    deploys: [
      (world, pid) => deploy(world, pid, rules),
      (world, pid) => toTeardown(at(world.processes, pid), rules),
    ],
    tearsDown: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const { names } = at(world.runs, process.run)
        const name = at(names, process.k)
        if (!rules.holdsUntilVerified) for (const fd of process.fds.splice(0)) close(world, fd)
        takeDown(world, pid, process, name)
        process.k++
        if (process.k < names.length) return `takes down name ${name}`
        Object.assign(process, { k: 0, at: 'verifies' })
        endStages(world, process.run)
        return `takes down name ${name}; nothing is left`
      },
    ],
    verifies: [
      (world, pid) => {
        const process = at(world.processes, pid)
        at(world.runs, process.run).verified = true
        process.at = rules.tearsDownBeforeClearing ? 'clears' : 'exits'
        return 'journals a verified teardown'
      },
    ],
    ...clearSteps(({ run }) => run, rules.tearsDownBeforeClearing ? 'exits' : 'tearsDown'),
    exits: [ends(0)],
  }
}

/** src/model/nextStep.ts, in as much as locks are concerned. */
function firstStep(rules: Rules, { verified, conductors, stop }: World['runs'][number]): string {
  if (verified && rules.onlyCleared) return 'clears'
  return stop || (conductors > 1 && rules.neverForwardTwice) ? 'tearsDown' : 'deploys'
}

function deploy(world: World, pid: number, rules: Rules): string {
  const process = at(world.processes, pid)
  const name = at(process.names, process.k)
  const stands = at(world.deployed, name)
  if (stands !== NONE)
    world.fault = `run ${process.run} deploys at name ${name}, where run ${stands} still stands`
  if (at(world.runs, process.run).conductors > 1 || process.recovered === 1)
    world.fault = `run ${process.run} goes forward in a second process`
  if (!rules.stagesHoldNothing && process.k === 0)
    fork(world, { kind: 'stage', at: 'lives', run: process.run, fds: [...process.fds] })
  world.deployed[name] = process.run
  process.k++
  if (process.k === process.names.length) toTeardown(process, rules)
  return `deploys at name ${name}`
}

/** What is known of a stage's processes ends with the teardown. */
function endStages(world: World, run: number): void {
  world.processes.forEach((process, pid) => {
    if (process.kind === 'stage' && process.run === run) end(world, pid, 0)
  })
}

/** After the last stage; and after a cancel, a red stage, the death of the wrapper, at any moment. */
function toTeardown(process: Process, rules: Rules): string {
  process.at = rules.tearsDownBeforeClearing ? 'tearsDown' : 'clears'
  process.k = 0
  return 'ends its stages'
}

/** What stands at the domain goes, whosever it is: `docker stack rm` knows names only. */
function takeDown(world: World, pid: number, { run }: Process, name: number): void {
  const stands = at(world.deployed, name)
  if (stands !== NONE && stands !== run)
    world.fault = `the teardown of run ${run} takes down what run ${stands} has at name ${name}`
  const other = world.processes.findIndex(
    (one, index) => index !== pid && one.kind === 'conductor' && one.run === run && one.at === 'tearsDown',
  )
  if (other !== NONE) world.fault = `two teardowns of run ${run} at once (processes ${pid} and ${other})`
  world.deployed[name] = NONE
}
