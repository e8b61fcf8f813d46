import { execFile } from 'node:child_process'
import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type Judgement, probeAside } from '../fixtures/judge.ts'
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
  if (isDirty(world.state)) {
    const sweep = world.berth('janitor')
    const { code } = await sweep.ended()
    if (!SWEPT_CODES.has(code ?? -1)) faults.push([`the sweep ended with ${code}: ${sweep.output()}`])
  }
  // What has been killed may still be ending; what stays, the judge sees.
  await until('the end of all', () => livingOf(world).length === 0, MOST_ENDING_MS).catch(() => undefined)
  const left = leftIn(await probeAside(world.state))
  return [...faults.flat(), ...left, ...(await judgeRuns(world.state, `${world.root}/trace`))]
}

/** Is there anything to sweep: what comes of it is the judges' matter. */
function isDirty(state: string): boolean {
  const filesIn = (folder: string) =>
    existsSync(folder)
      ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
      : []
  const isMarked = (lock: { readonly parentPath: string; readonly name: string }) =>
    statSync(join(lock.parentPath, lock.name)).size > 0
  return filesIn(join(state, 'open')).length > 0 || filesIn(join(state, 'locks')).some(isMarked)
}

async function faultOf(started: Started, shot: ReadonlySet<number>): Promise<string[]> {
  const { code, signal } = await started.ended()
  if (signal !== null)
    return shot.has(started.pid) ? [] : [`${started.pid} died of ${signal}, which nobody sent`]
  return KNOWN_CODES.has(code ?? -1) ? [] : [`${started.pid} ended with ${code}: ${started.output()}`]
}

/** What the outside judge has found where nothing was to be left. */
export function leftIn({ locks, marks, open, processes, cgroups }: Judgement): readonly string[] {
  return [
    ...Object.entries(locks).flatMap(([name, how]) => (how === 'free' ? [] : [`lock ${name} is ${how}`])),
    ...Object.entries(marks).map(([name, run]) => `${name} is marked by run ${run}`),
    ...open.map((run) => `run ${run} is open`),
    ...processes.map((process) => `process ${process} is left`),
    ...cgroups.map((path) => `cgroup ${path} is left`),
  ]
}

/** What the second outside judge says of the runs of a state folder, and of the trace of their sites. */
export async function judgeRuns(state: string, trace: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)(JUDGE_OF_RUNS, [state, trace], { cwd: '/' })
  return stdout.split('\n').filter((line) => line !== '')
}
