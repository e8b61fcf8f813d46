import { parseArgs } from 'node:util'
import { type Campaign, crash, type Tally } from '../test-concurrency/crash/campaign.ts'
import { nameOf, type Point, pointOf } from '../test-concurrency/crash/point.ts'
import { STORIES, type StoryName } from '../test-concurrency/crash/story.ts'
import { dataOf, tablesOf } from '../test-concurrency/crash/table.ts'
import { failureText, openTheatre, type Theatre } from '../test-concurrency/crash/theatre.ts'

const OPTIONS = {
  story: { type: 'string', default: 'run' },
  points: { type: 'string' },
  first: { type: 'string', multiple: true },
  point: { type: 'string', multiple: true },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  lanes: { type: 'string', default: '4' },
  json: { type: 'boolean', default: false },
} as const

const { values } = parseArgs({ options: OPTIONS })
process.exitCode = await main()

/** `npm run crash`: the service is SIGKILLed at every point of its life, or at some, or at one again. */
async function main(): Promise<number> {
  using theatre = openTheatre()
  if (values.point !== undefined) return once(theatre, values.point.map(pointOf))
  let stopped = false
  process.once('SIGINT', () => {
    stopped = true
  })
  const began = performance.now()
  const tally = await crash({ ...campaignOf(), isStopped: () => stopped }, theatre)
  if (values.json) console.log(JSON.stringify(dataOf(tally), null, 2))
  else console.log(reportOf(tally, (performance.now() - began) / 60_000))
  return tally.failures.length === 0 && tally.unmet.length === 0 ? 0 : 1
}

function campaignOf(): Omit<Campaign, 'isStopped'> {
  return {
    story: storyOf(values.story),
    first: (values.first ?? []).map(pointOf),
    most: values.points === undefined ? null : Number(values.points),
    seed: Number(values.seed),
    lanes: Number(values.lanes),
    say: (text) => console.error(text),
  }
}

function storyOf(name: string): StoryName {
  const story = STORIES.find((story) => story === name)
  if (story === undefined) throw new Error(`there is no story ${name}; there are ${STORIES.join(', ')}`)
  return story
}

async function once(theatre: Theatre, points: readonly Point[]): Promise<number> {
  const outcome = await theatre.play({ story: storyOf(values.story), points })
  const { found, unmet, conclusion, faults } = outcome
  if (faults.length > 0) console.log(failureText(outcome))
  for (const { what } of found) console.log(`the next service found: ${what}`)
  for (const point of unmet) console.log(`never met: ${nameOf(point)}`)
  console.log(`the run ended with ${conclusion}`)
  return faults.length === 0 && unmet.length === 0 ? 0 : 1
}

function reportOf(tally: Tally, minutes: number): string {
  const { campaign, calls, points, outcomes, passing, unmet, failures } = tally
  return [
    tablesOf(tally),
    '',
    `seed ${campaign.seed}: ${calls} calls, ${points} points; ${outcomes.length} met in ${minutes.toFixed(1)} minutes, ${failures.length} failed`,
    ...passing.map((point) => `not in every story, and not met: ${nameOf(point)}`),
    ...unmet.map((point) => `NEVER MET: ${nameOf(point)}`),
  ].join('\n')
}
