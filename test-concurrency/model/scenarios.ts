import { acquirerProgram, janitorProgram, starterProgram } from './actors.ts'
import type { Program } from './claim.ts'
import { type Exploration, explore, type Model, type Step } from './explore.ts'
import type { Rules } from './rules.ts'
import { conductorProgram, wrapperProgram } from './run.ts'
import { at, GONE, type Kind, NONE, type Process, type RunState, type World } from './world.ts'

/** Who is there at the beginning. */
export interface Scenario {
  readonly names: number
  /** The names of each run; a dead one was killed after it had deployed (or before its first process), and left all its traces. */
  readonly runs: readonly { readonly names: readonly number[]; readonly dead?: 'deployed' | 'unbegun' }[]
  /** Each starts the run of its number, counted from the first that is not dead. */
  readonly starters: number
  /** Take the first name, use it, give it back, twice each. */
  readonly acquirers: number
  readonly janitors: number
  readonly kills: number
  /** How many wrappers and run processes there can be at once. */
  readonly children: number
  /** Starters may start their processes ahead of their locks, once each. */
  readonly warm?: true
}

export function check(scenario: Scenario, rules: Rules): Exploration {
  return explore(modelOf(scenario, rules))
}

export function modelOf(scenario: Scenario, rules: Rules): Model {
  const initial = initialWorld(scenario)
  const programs: Readonly<Record<Kind, Program>> = {
    starter: starterProgram(rules),
    acquirer: acquirerProgram(rules),
    janitor: janitorProgram(rules),
    wrapper: wrapperProgram(rules),
    conductor: conductorProgram(rules),
    stage: {},
    none: {},
  }
  return {
    initial,
    steps: (world, pid) => {
      const process = at(world.processes, pid)
      if (process.at === 'gone' && at(initial.processes, pid).kind === 'janitor') return [cron]
      return programs[process.kind][process.at] ?? []
    },
    isSettled,
    isMortal: (_world, pid) => at(initial.processes, pid).kind !== 'acquirer',
    law: heldWhileConducted,
  }
}

const cron: Step = (world, pid) => {
  world.processes[pid] = { ...GONE, kind: 'janitor', at: 'sweeps' }
  return 'is started by cron'
}

function initialWorld({
  names,
  runs,
  starters,
  acquirers,
  janitors,
  kills,
  children,
  warm,
}: Scenario): World {
  const first = runs.findIndex(({ dead }) => dead === undefined)
  const fixed: Process[] = []
  for (let index = 0; index < starters; index++)
    fixed.push({
      ...GONE,
      kind: 'starter',
      at: 'opens',
      run: first + index,
      names: at(runs, first + index).names,
      turns: warm === true ? 1 : 0,
    })
  for (let index = 0; index < acquirers; index++)
    fixed.push({ ...GONE, kind: 'acquirer', at: 'opens', names: [0], turns: 2 })
  for (let index = 0; index < janitors; index++) fixed.push({ ...GONE, kind: 'janitor', at: 'sweeps' })
  const marks = Array.from({ length: names }, (_, name) =>
    runs.findIndex((run) => run.dead !== undefined && run.names.includes(name)),
  )
  const isDeployed = (run: number): boolean => run !== NONE && at(runs, run).dead === 'deployed'
  return {
    paths: marks.map((_, name) => name),
    marks,
    locks: marks.map(() => NONE),
    descriptions: [],
    runs: runs.map(initialRun),
    deployed: marks.map((run) => (isDeployed(run) ? run : NONE)),
    processes: [...fixed, ...Array.from({ length: children }, () => ({ ...GONE }))],
    fixed: fixed.length,
    kills,
    fault: '',
  }
}

function initialRun({ names, dead }: Scenario['runs'][number]): RunState {
  return {
    names,
    open: dead !== undefined,
    stop: false,
    verified: false,
    conductors: dead === 'deployed' ? 1 : 0,
    lock: NONE,
  }
}

function isSettled({ processes, fixed, deployed, paths, marks, runs }: World): boolean {
  return (
    processes.every(
      ({ at: where, kind }, pid) =>
        where === 'gone' || (pid < fixed && kind === 'janitor' && where === 'sweeps'),
    ) &&
    deployed.every((run) => run === NONE) &&
    paths.every((inode) => inode === NONE || marks[inode] === NONE) &&
    runs.every(({ open }) => !open)
  )
}

/** R-RUN-08, R-LCK-02: what stands at a name is guarded by the name's lock as long as anybody of its run lives to take it down. */
function heldWhileConducted({ processes, deployed, paths, locks }: World): string {
  for (const { kind, at: where, names, run } of processes) {
    const conducts = kind === 'wrapper' || (kind === 'conductor' && where !== 'takesRunLock')
    if (!conducts) continue
    for (const name of names) {
      const inode = at(paths, name)
      if (deployed[name] === run && (inode === NONE || locks[inode] === NONE))
        return `run ${run} is conducted, stands at name ${name}, and the lock of that is free`
    }
  }
  return ''
}
