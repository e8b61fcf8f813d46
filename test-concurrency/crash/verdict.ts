import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { probeAside } from '../fixtures/judge.ts'
import type { Run } from '../fixtures/run.ts'
import { until } from '../fixtures/until.ts'
import { judgeRuns, leftIn } from '../fuzz/verdict.ts'
import type { Scene } from '../service/fixtures/scene.ts'
import { lookAtRecords } from './found.ts'

/** What a run may end with, whatever happened to its services. */
export interface Expected {
  readonly conclusions: readonly string[]
  /** How often GitHub may have been told of its end: once, and once more for each service that died over it. */
  readonly ends: number
}

const MOST_ENDING_MS = 10_000

/** What is wrong with a state folder whose services have ended in order: with its records, and with what the outside judges see. */
export async function faultsOfState({ world }: Pick<Scene, 'world'>): Promise<readonly string[]> {
  const records = lookAtRecords(world)
  if (records === null) return ['there are no records']
  const living = records.runs.filter(({ state }) => state !== 'concluded')
  const ids = new Set(records.runs.map(({ id }) => id))
  // What was killed may still be ending; what stays, the judge sees.
  await until('the end of all', () => world.judge().pids.length === 0, MOST_ENDING_MS).catch(() => undefined)
  return [
    ...living.map(({ id, state }) => `run ${id} is ${state} in the records`),
    ...(records.undecided === 0 ? [] : [`${records.undecided} deliveries are not decided`]),
    ...records.waiting.map((key) => `report ${key} was never sent`),
    ...records.failed.map((key) => `report ${key} was given up`),
    ...world.runs().flatMap(({ id }) => (ids.has(id) ? [] : [`run ${id} has a folder and no record`])),
    ...leftIn(await probeAside(world.state)),
    ...(await judgeRuns(world.state, join(world.root, 'trace'))),
  ]
}

/** What is wrong with one run: its folder, its one check and the one end that both tell. */
export function faultsOfRun({ checks }: Scene, run: Run, expected: Expected): readonly string[] {
  const result = run.result()
  if (result === null) return [`run ${run.id} has no result`]
  const all = checks.all().filter(({ externalId }) => externalId === run.id)
  const [check] = all
  const story = checks.story(run.id)
  const ends = checks.ends(run.id)
  const wrong: readonly (readonly [boolean, string])[] = [
    [!expected.conclusions.includes(result.conclusion), `ended with ${result.conclusion}: ${result.title}`],
    [!result.verified, 'has no verified teardown'],
    [run.count('concluded') > 1, `concluded ${run.count('concluded')} times`],
    [all.length !== 1, `has ${all.length} check runs`],
    [check?.status !== 'completed', `is ${check?.status} on GitHub`],
    [check?.conclusion !== result.conclusion, `has ${check?.conclusion} on GitHub, not ${result.conclusion}`],
    [check?.output.title !== result.title, `has the title "${check?.output.title}" on GitHub`],
    [
      story.indexOf(story.at(-1) ?? '') !== story.length - 1,
      `had several ends on GitHub: ${story.join(', ')}`,
    ],
    [ends > expected.ends, `was told to have ended ${ends} times`],
    [!existsSync(join(run.folder, 'reported')), 'has no note that GitHub knows its end'],
  ]
  return wrong.flatMap(([is, what]) => (is ? [`run ${run.id} ${what}`] : []))
}

/** What is wrong with the answer to a comment: one reaction, and one reply that says how the run ended. */
export function faultsOfAnswer(
  scene: Scene,
  { id, issue }: { readonly id: number; readonly issue: number },
  conclusion: string | undefined,
): readonly string[] {
  const reactions = [...scene.gitHub.memory.reactions.values()].filter(({ commentId }) => commentId === id)
  const replies = scene.replies(issue).filter((text) => text.includes(`<!-- berth reply%3A${id} -->`))
  return [
    ...(reactions.length === 1 ? [] : [`comment ${id} has ${reactions.length} reactions`]),
    ...(replies.length === 1 ? [] : [`comment ${id} has ${replies.length} replies`]),
    ...replies.flatMap((text) =>
      text.includes(`**${conclusion}**`) ? [] : [`the reply to ${id} does not say "${conclusion}": ${text}`],
    ),
  ]
}

/** What the services have told of faults of their own, and what this GitHub could not answer. */
export function faultsOfServices(scene: Scene): readonly string[] {
  return [
    ...scene.faults().map((fault) => `a service has told: ${fault}`),
    ...scene.gitHub.unknownCalls().map((call) => `GitHub does not know ${JSON.stringify(call)}`),
  ]
}
