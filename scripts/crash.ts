import { readFileSync, writeFileSync } from 'node:fs'
import { parseArgs } from 'node:util'
import { type Campaign, crash, type Tally } from '../test-concurrency/crash/campaign.ts'
import { load } from '../test-concurrency/crash/load.ts'
import { type Most, nameOf, type Point, pointOf } from '../test-concurrency/crash/point.ts'
import { STORIES, type StoryName } from '../test-concurrency/crash/story.ts'
import { dataOf, firstOfEach, headOf, tableOf } from '../test-concurrency/crash/table.ts'
import { failureText, openTheatre, type Theatre } from '../test-concurrency/crash/theatre.ts'

const OPTIONS = {
  story: { type: 'string', multiple: true },
  points: { type: 'string', default: 'all' },
  twice: { type: 'string' },
  point: { type: 'string', multiple: true },
  seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  lanes: { type: 'string', default: '4' },
  load: { type: 'boolean', default: false },
  runs: { type: 'string', default: '500' },
  kills: { type: 'string', default: '200' },
  json: { type: 'boolean', default: false },
  page: { type: 'boolean', default: false },
} as const

const PAGE = 'docs/crashes.md'

const { values } = parseArgs({ options: OPTIONS })
const stories = (values.story ?? STORIES).map(storyOf)
const stopped = new AbortController()
process.once('SIGINT', () => stopped.abort())
process.exitCode = await main()

/** `npm run crash`: the service is SIGKILLed at every point of its life, or at some of them, or at one again. */
async function main(): Promise<number> {
  if (values.load) return underLoad()
  using theatre = openTheatre()
  // Without this await the theatre would be closed before the story begins.
  if (values.point !== undefined) return await once(theatre, values.point.map(pointOf))
  console.error(`seed ${values.seed}`)
  const began = performance.now()
  const tallies = await crashAll(theatre)
  if (values.json) console.log(JSON.stringify(tallies.map(dataOf), null, 2))
  else console.log(textOf(tallies))
  if (values.page) writeFileSync(PAGE, pageWith(readFileSync(PAGE, 'utf8'), textOf(tallies)))
  console.error(`${((performance.now() - began) / 60_000).toFixed(1)} minutes`)
  return tallies.every(({ failures, unmet }) => failures.length + unmet.length === 0) ? 0 : 1
}

/** The service is killed so often, at random moments, while so many runs are asked for. */
async function underLoad(): Promise<number> {
  const [runs, kills, seed] = [Number(values.runs), Number(values.kills), Number(values.seed)]
  const { value, faults, told } = await load({ runs, kills, seed, say: console.error })
  if (faults.length > 0) console.error([told, ...faults].join('\n'))
  console.log(JSON.stringify(value, null, 2))
  return faults.length === 0 ? 0 : 1
}

/** Each story; and then, if that is asked for, once more for each thing that a fresh service can meet, with that one killed in its turn. */
async function crashAll(theatre: Theatre): Promise<readonly Tally[]> {
  const tallies: Tally[] = []
  for (const story of stories) {
    const tally = await crash(campaign(story, [], values.points), theatre)
    tallies.push(tally)
    if (values.twice === undefined) continue
    for (const { points } of firstOfEach(tally))
      tallies.push(await crash(campaign(story, points, values.twice), theatre))
  }
  return tallies
}

function campaign(story: StoryName, first: readonly Point[], most: string): Campaign {
  return {
    story,
    first,
    most: mostOf(most),
    seed: Number(values.seed),
    recordings: 3,
    lanes: Number(values.lanes),
    say: (text: string) => console.error(text),
    isStopped: () => stopped.signal.aborted,
  }
}

function mostOf(text: string): Most {
  if (text === 'all' || text === 'kinds') return text
  if (!/^\d+$/.test(text)) throw new Error(`"${text}" is no number of points; there are also all and kinds`)
  return Number(text)
}

function storyOf(name: string): StoryName {
  const story = STORIES.find((story) => story === name)
  if (story === undefined) throw new Error(`there is no story ${name}; there are ${STORIES.join(', ')}`)
  return story
}

async function once(theatre: Theatre, points: readonly Point[]): Promise<number> {
  const [story = 'run'] = stories
  const outcome = await theatre.play({ story, points })
  const { found, unmet, conclusion, faults } = outcome
  if (faults.length > 0) console.log(failureText(outcome))
  for (const { what } of found) console.log(`the next service found: ${what}`)
  for (const point of unmet) console.log(`never met: ${nameOf(point)}`)
  console.log(`the run ended with ${conclusion}`)
  return faults.length === 0 && unmet.length === 0 ? 0 : 1
}

/** Of services that were killed after others only what came of them, in a line each. */
function textOf(tallies: readonly Tally[]): string {
  const once = tallies.filter(({ campaign }) => campaign.first.length === 0)
  const twice = tallies.filter(({ campaign }) => campaign.first.length > 0)
  return [...once.map(tableOf), ...twice.map((tally) => `- ${headOf(tally)}`)].join('\n\n')
}

function pageWith(page: string, text: string): string {
  const [begin, end] = ['<!-- points -->', '<!-- /points -->']
  const [before = '', after = ''] = [page.split(begin)[0], page.split(end)[1]]
  return `${before}${begin}\n\n${text}\n\n${end}${after}`
}
