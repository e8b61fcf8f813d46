import { figure, type Part, ratios } from './figures.ts'
import { timeNodeStart } from './processes.ts'
import { addStackRecipe, timeBareStack, timeStackRun } from './stackRun.ts'
import { measureSweep, type SweepFigures } from './stackSweep.ts'
import { measureWatching, type WatchFigures } from './stackWatch.ts'
import type { Measuring } from './wait.ts'
import { makeWorld } from './world.ts'

/** Rounds that fill the compile cache and the mirror; they do not count. */
const WARM_UPS = 1
const WATCHED = 20

/**
 * What the driver `swarm` costs over the bare CLI, what it asks of the engine, and what a sweep over many stacks does. Wants an engine that is
 * a swarm manager, and takes away all that it has put there.
 * @param stacks that the sweep goes over
 */
export async function measureDocker(
  folder: string,
  rounds: number,
  stacks: number,
  measuring: Measuring,
): Promise<Part> {
  const times = await timeStacks(folder, rounds, measuring)
  const watching = [await measureWatching(1, measuring), await measureWatching(WATCHED, measuring)]
  const sweeps = [await measureSweep(1, measuring), await measureSweep(stacks, measuring)]
  return partOf(times, watching, sweeps)
}

interface StackTimes {
  readonly node: readonly number[]
  readonly bare: readonly number[]
  readonly run: readonly number[]
}

async function timeStacks(folder: string, rounds: number, measuring: Measuring): Promise<StackTimes> {
  await using world = makeWorld(folder)
  const file = addStackRecipe(world)
  const times = { node: [] as number[], bare: [] as number[], run: [] as number[] }
  for (let round = 1 - WARM_UPS; round <= rounds; round += 1) {
    measuring.signal.throwIfAborted()
    measuring.say(`stack ${Math.max(round, 0)}/${rounds}`)
    const node = await timeNodeStart()
    const bare = await timeBareStack(file, measuring.signal)
    const run = await timeStackRun(world, measuring.signal)
    if (round < 1) continue
    times.node.push(node)
    times.bare.push(bare)
    times.run.push(run)
  }
  return times
}

function partOf(
  { node, bare, run }: StackTimes,
  watching: readonly WatchFigures[],
  sweeps: readonly SweepFigures[],
): Part {
  return {
    name: 'docker',
    title: '11. Stacks on a Docker Engine',
    conditions:
      'One node that is a swarm manager. Two services with a secret, a config and a volume: from the start of the command to its end, everything gone.',
    groups: [
      {
        title: 'deploy, wait, take down',
        figures: [
          figure('`berth run`, over the CLI and polling by it', '×', ratios(run, bare), 1.15),
          figure('`berth run`', 'ms', run),
          figure('the CLI and polling by it', 'ms', bare),
          figure('`node -e 0`', 'ms', node),
        ],
      },
      {
        title: 'calls of the engine a second while stacks are waited for',
        figures: watching.map(({ stacks, perSecond }) => figure(`${stacks} at once`, '', perSecond)),
      },
      {
        title: 'a sweep',
        figures: sweeps.flatMap(({ stacks, look, looks, removal, tookMs }) => [
          figure(`calls of one look at ${stacks}`, '', [look]),
          figure(`looks until ${stacks} are proved gone`, '', [looks]),
          figure(`calls for each thing removed of ${stacks}`, '', [removal]),
          figure(`until ${stacks} are proved gone`, 'ms', [tookMs]),
        ]),
      },
    ],
  }
}
