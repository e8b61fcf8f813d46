import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { probeAside } from '../fixtures/judge.ts'
import { runAt } from '../fixtures/run.ts'
import { until } from '../fixtures/until.ts'
import type { World } from '../fixtures/world.ts'
import { judgeRuns, leftIn } from '../fuzz/verdict.ts'
import type { Scene } from '../service/fixtures/scene.ts'
import { lookAtRecords, type Records, type RunRecord } from './found.ts'

const MOST_ENDING_MS = 10_000

/** What is wrong with a state folder whose services have ended in order: with its records, and with what the outside judges see. */
export async function faultsOfState(world: World): Promise<readonly string[]> {
  const records = lookAtRecords(world)
  if (records === null) return ['there are no records']
  // What was killed may still be ending; what stays, the judge sees.
  await until('the end of all', () => world.judge().pids.length === 0, MOST_ENDING_MS).catch(() => undefined)
  return [
    ...faultsOfRecords(world, records),
    ...leftIn(await probeAside(world.state)),
    ...(await judgeRuns(world.state, join(world.root, 'trace'))),
  ]
}

function faultsOfRecords(world: World, { undecided, waiting, failed, runs }: Records): readonly string[] {
  const ids = new Set(runs.map(({ id }) => id))
  return [
    ...(undecided === 0 ? [] : [`${undecided} deliveries are not decided`]),
    ...waiting.map((key) => `report ${key} was never sent`),
    ...failed.map((key) => `report ${key} was given up`),
    ...world.runs().flatMap(({ id }) => (ids.has(id) ? [] : [`run ${id} has a folder and no record`])),
  ]
}

/**
 * What is wrong with one run: one end, and the same in the records, in its folder and on its one check.
 * @param mostEnds how often GitHub may have been told of it: once, and once more for each service that died
 */
export function faultsOfRun(
  { world, checks }: Scene,
  { id, state, verdict }: RunRecord,
  mostEnds: number,
): readonly string[] {
  const run = runAt(join(world.state, 'runs'), id, null)
  const result = run.result()
  const all = checks.all().filter(({ externalId }) => externalId === id)
  const [check] = all
  const story = checks.story(id)
  const end = textOf(verdict)
  const told = textOf(check === undefined ? null : { ...check, title: check.output.title })
  const wrong: readonly (readonly [boolean, string])[] = [
    [state !== 'concluded', `is ${state} in the records`],
    // One that was ended in the queue has no folder.
    [existsSync(run.folder) && textOf(result) !== end, `has ${textOf(result)} in its folder, not ${end}`],
    [result?.verified === false, 'has no verified teardown'],
    [run.count('concluded') > 1, `concluded ${run.count('concluded')} times`],
    [
      existsSync(run.folder) && !existsSync(join(run.folder, 'reported')),
      'has no note that its end was told',
    ],
    [all.length !== 1, `has ${all.length} check runs`],
    [told !== end, `has ${told} on GitHub, not ${end}`],
    [story.indexOf(story.at(-1) ?? '') !== story.length - 1, `had several ends: ${story.join(', ')}`],
    [checks.ends(id) > mostEnds, `was told to have ended ${checks.ends(id)} times`],
  ]
  return wrong.flatMap(([is, what]) => (is ? [`run ${id} ${what}`] : []))
}

function textOf(
  end: { readonly conclusion: string | null; readonly title: string | null } | null | undefined,
): string {
  return end === null || end === undefined ? 'no end' : `${end.conclusion}: ${end.title}`
}

/**
 * What is wrong with the answer to a comment: one reaction, and one reply.
 * @param conclusion what the reply is to say of the run; null = nothing
 */
export function faultsOfAnswer({ gitHub }: Scene, id: number, conclusion: string | null): readonly string[] {
  const { reactions, comments } = gitHub.memory
  const given = [...reactions.values()].filter(({ commentId }) => commentId === id)
  const replies = [...comments.values()].filter(({ body }) => body.includes(`<!-- berth reply%3A${id} -->`))
  const isMute = ({ body }: { readonly body: string }) =>
    conclusion !== null && !body.includes(`**${conclusion}**`)
  return [
    ...(given.length === 1 ? [] : [`comment ${id} has ${given.length} reactions`]),
    ...(replies.length === 1 ? [] : [`comment ${id} has ${replies.length} replies`]),
    ...replies.filter(isMute).map(({ body }) => `the reply to ${id} does not say "${conclusion}": ${body}`),
  ]
}

/** What the services have told of faults of their own, and what this GitHub could not answer. */
export function faultsOfServices(scene: Scene): readonly string[] {
  return [
    ...scene.faults().map((fault) => `a service has told: ${fault}`),
    ...scene.gitHub.unknownCalls().map((call) => `GitHub does not know ${JSON.stringify(call)}`),
  ]
}
