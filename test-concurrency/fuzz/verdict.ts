import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { look, probe } from '../fixtures/judge.ts'
import type { Started } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import { type Cast, livingOf } from './sight.ts'

const JUDGE_OF_RUNS = fileURLToPath(new URL('../judge/runs', import.meta.url))

/** What `berth run` and `berth janitor` may end with, unless a signal that they never heard ends them. */
const KNOWN_CODES = new Set([0, 1, 4, 10, 69, 70, 75, 124, 130, 143])
const MOST_ENDING_MS = 10_000
const SWEPT_CODES = new Set([0, 10])

/** What is wrong when everything is at rest: what is left after one sweep at most, and what the runs have done to each other. */
export async function verdictOn(cast: Cast, shot: ReadonlySet<number>): Promise<readonly string[]> {
  const { world } = cast
  const faults = await Promise.all(cast.all.map((started) => faultOf(started, shot)))
  const rest = look(world.state)
  if (rest.open.length > 0 || Object.keys(rest.marks).length > 0) {
    const sweep = world.berth('janitor')
    const { code } = await sweep.ended()
    if (!SWEPT_CODES.has(code ?? -1)) faults.push([`the sweep ended with ${code}: ${sweep.output()}`])
  }
  // What has been killed may still be ending; what stays, the judge sees.
  await until('the end of all', () => livingOf(world).length === 0, MOST_ENDING_MS).catch(() => undefined)
  return [...faults.flat(), ...leftIn(world.state), ...judgeRuns(world.state, `${world.root}/trace`)]
}

async function faultOf(started: Started, shot: ReadonlySet<number>): Promise<string[]> {
  const { code, signal } = await started.ended()
  if (signal !== null)
    return shot.has(started.pid) ? [] : [`${started.pid} died of ${signal}, which nobody sent`]
  return KNOWN_CODES.has(code ?? -1) ? [] : [`${started.pid} ended with ${code}: ${started.output()}`]
}

function leftIn(state: string): readonly string[] {
  const { locks, marks, open, processes, cgroups } = probe(state)
  return [
    ...Object.entries(locks).flatMap(([name, how]) => (how === 'free' ? [] : [`lock ${name} is ${how}`])),
    ...Object.entries(marks).map(([name, run]) => `${name} is marked by run ${run}`),
    ...open.map((run) => `run ${run} is open`),
    ...processes.map((process) => `process ${process} is left`),
    ...cgroups.map((path) => `cgroup ${path} is left`),
  ]
}

/** What the second outside judge says of the runs of a state folder, and of the trace of their sites. */
export function judgeRuns(state: string, trace: string): readonly string[] {
  const told = execFileSync(JUDGE_OF_RUNS, [state, trace], { encoding: 'utf8', cwd: '/' })
  return told.split('\n').filter((line) => line !== '')
}
