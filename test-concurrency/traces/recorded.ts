import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { look } from '../fixtures/judge.ts'
import type { Started } from '../fixtures/started.ts'
import { until } from '../fixtures/until.ts'
import type { World } from '../fixtures/world.ts'
import type { Model } from '../model/explore.ts'
import { ALL } from '../model/rules.ts'
import { modelOf, type Scenario } from '../model/scenarios.ts'
import { ALL_OF_TICKETS, ticketModel } from '../model/tickets.ts'
import { NONE } from '../model/world.ts'
import type { Commands, Setting } from './cast.ts'
import { type Replayed, replay } from './replay.ts'
import { storyOf } from './story.ts'
import { readTrace, type Trace, tracedTo } from './strace.ts'
import { storyOfTickets } from './ticketDeeds.ts'

/** What the test has started, each in its order; `names` are those of all of them, sorted. */
export interface Scene {
  readonly names: readonly string[]
  readonly runs: readonly { readonly run: StartedRun; readonly names: readonly string[] }[]
  readonly holds: readonly Started[]
  readonly janitors: readonly Started[]
  /** Runs start their processes ahead of their locks. */
  readonly warm?: true
  /** A service has one ticket after the other, and the model of the tickets one for each waiter: they are not replayed. */
  readonly withoutTickets?: true
}

/** A run, and who has claimed and launched it: a command, or a service that has started no other one. */
interface StartedRun {
  readonly id: string
  readonly cli: { readonly pid: number }
}

export interface Recorded {
  readonly trace: Trace
  readonly model: Model
  readonly setting: Setting
  readonly commands: Commands
  readonly hasTickets: boolean
}

/** Plays a scene on the real kernel, with every system call written down that the model has a word for. */
export async function record(world: World, play: (world: World) => Promise<Scene>): Promise<Recorded> {
  mkdirSync(dirname(prefixOf(world)))
  world.startBy(tracedTo(prefixOf(world)))
  const scene = await play(world)
  world.startBy([])
  await until('the end of all that was traced', () => look(world.state).processes.length === 0)
  const { names, runs, holds, janitors } = scene
  return {
    trace: readTrace(prefixOf(world)),
    model: modelOfScene(scene),
    setting: { state: world.state, sites: world.sites, names, runs: runs.map(({ run }) => run.id) },
    commands: {
      starters: runs.map(({ run }) => run.cli.pid),
      acquirers: holds.map(({ pid }) => pid),
      janitors: janitors.map(({ pid }) => pid),
    },
    hasTickets: scene.withoutTickets !== true,
  }
}

/** Where the calls of a process are written down: `PREFIX.PID`. */
export function prefixOf(world: World): string {
  return join(world.state, 'calls/of')
}

/** Is what was recorded a path of the model. */
export function replayed({ trace, model, setting, commands }: Recorded): Replayed {
  const { starters, acquirers, janitors } = commands
  const places = new Map([...starters, ...acquirers, ...janitors].map((pid, place) => [pid, place]))
  return replay(model, storyOf(trace, setting, commands), places)
}

/** The same for the tickets at the first name. */
export function replayedTickets({ trace, setting, commands }: Recorded): Replayed {
  const story = storyOfTickets(trace, setting, commands)
  const model = ticketModel(story.waiters.length, commands.janitors.length, ALL_OF_TICKETS)
  const places = [...story.waiters, ...commands.janitors].map((pid, place) => [pid, place] as const)
  return replay(model, story, new Map(places), true)
}

/** The explorer's own model, on a state folder that has no lock file yet, and with room for all that happens. */
function modelOfScene({ names, runs, holds, janitors, warm }: Scene): Model {
  const scenario: Scenario = {
    names: names.length,
    runs: runs.map((one) => ({ names: one.names.map((name) => names.indexOf(name)) })),
    starters: runs.length,
    acquirers: holds.length,
    janitors: janitors.length,
    kills: 0,
    children: 4 * runs.length + 2 * janitors.length,
    ...(warm === undefined ? {} : { warm }),
  }
  const model = modelOf(scenario, ALL)
  const { initial } = model
  const paths = initial.paths.map(() => NONE)
  const processes = initial.processes.map((one) => (one.kind === 'acquirer' ? { ...one, turns: 1 } : one))
  return { ...model, initial: { ...initial, processes, paths, marks: [], locks: [] } }
}
