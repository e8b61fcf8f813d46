import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { EntryBody } from '../../src/model/journal.ts'
import { textOf, textsOf } from '../../src/model/read.ts'
import { journalEntries } from '../../src/model/readJournal.ts'
import { runPaths } from '../../src/store/runFolder.ts'
import { figure, type Part, ratios, stepsOf } from './figures.ts'
import { processesNaming, timeNodeStart } from './processes.ts'
import { type Service, startService } from './service.ts'
import { type Measuring, nowMs, until } from './wait.ts'

const WARM_UPS = 3
const PULL_REQUEST = 1
const WRITER = 'octocat'

/** How long somebody who comments waits until the first stage starts. */
export async function measureComments(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  await using service = await startService(folder)
  for (let round = 0; round < WARM_UPS; round += 1) await timeComment(service, measuring)
  const node: number[] = []
  const comments: CommentTimes[] = []
  for (let round = 1; round <= rounds; round += 1) {
    measuring.signal.throwIfAborted()
    node.push(await timeNodeStart())
    comments.push(await timeComment(service, measuring))
    measuring.say(`comment ${round}/${rounds}`)
  }
  return partOf(node, comments)
}

/** Comments on the pull request and waits until the service has stored that. Resolves to the runs that came of it. */
export async function comment({ gitHub, log, answerTo, refused }: Service, body: string) {
  const writtenAtMs = Date.now()
  const writtenMs = nowMs()
  gitHub.people.comment(PULL_REQUEST, WRITER, body)
  const lines: Parameters<Parameters<typeof log.next>[0]>[0][] = []
  const decided = log.next((line) => {
    lines.push(line)
    return line.event === 'delivery.decided' && textsOf(line.fields, 'runs').length > 0
  })
  const { atMs: decidedAtMs, fields } = await Promise.race([decided, refused])
  const answeredMs = await answerTo(textOf(fields, 'delivery'))
  const stored = lines.find((line) => line.event === 'delivery.stored')
  const storedAtMs = stored?.atMs ?? Number.NaN
  return { writtenMs, answeredMs, writtenAtMs, storedAtMs, decidedAtMs, runs: textsOf(fields, 'runs') }
}

/** Nothing of the run is under way any more: concluded, told to GitHub, every process gone, every webhook of it answered. */
export async function quiet({ gitHub, world }: Service, run: string, signal: AbortSignal): Promise<void> {
  const { folder } = runPaths(world.state, run)
  const isTold = () =>
    [...gitHub.memory.checkRuns.values()].some(
      (check) => check.externalId === run && check.status === 'completed',
    )
  await until(`the end of run ${run}`, () => isTold() && processesNaming(folder).length === 0, signal)
  await gitHub.deliveries.idle()
}

/** Milliseconds. Those from the service's log and the journal have whole ones. */
type CommentTimes = Readonly<
  Record<
    'fromAnswer' | 'fromComment' | 'writes' | 'reacted' | 'shown' | 'told' | keyof typeof MOMENTS,
    number
  >
>

const MOMENTS = {
  stored: 'webhook: delivery.stored',
  decided: 'GitHub asked, decision stored: delivery.decided',
  claimed: 'names claimed: run.starting',
  started: 'folder, marks, wrapper and Node: process.started',
  prepared: 'checkout: prepared',
  stageStarted: 'stage.started',
} as const

async function timeComment(service: Service, { signal }: Measuring): Promise<CommentTimes> {
  const starting = service.log.next(({ event }) => event === 'run.starting')
  const [reacted, checked] = [sent(service, 'reaction'), sent(service, 'check')]
  const concluded = service.log.next(({ event }) => event === 'run.concluded')
  const ended = service.log.next(
    ({ event, fields }) => event === 'report.sent' && fields['terminal'] === true,
  )
  const sentBefore = service.log.count('report.sent')
  const { runs, writtenMs, answeredMs, writtenAtMs, storedAtMs, decidedAtMs } = await comment(
    service,
    '!testme',
  )
  const [run = ''] = runs
  const { atMs: startingAtMs } = await starting
  const shownAtMs = (await checked).atMs
  const reactedAtMs = (await reacted).atMs
  const toldMs = (await ended).atMs - (await concluded).atMs
  await quiet(service, run, signal)
  const entries = journalEntries(readFileSync(join(service.world.state.runs, run, 'journal.ndjson'), 'utf8'))
  const entry = (event: EntryBody['event']) => {
    const found = entries.find((one) => one.event === event)
    if (found === undefined)
      throw new Error(`run ${run} of the benchmark has no ${event}: ${service.complaints()}`)
    return found
  }
  const stage = entry('stage.started')
  return {
    fromAnswer: stage.mono - answeredMs,
    fromComment: stage.mono - writtenMs,
    writes: service.log.count('report.sent') - sentBefore,
    reacted: reactedAtMs - writtenAtMs,
    shown: shownAtMs - writtenAtMs,
    told: toldMs,
    stored: storedAtMs - writtenAtMs,
    decided: decidedAtMs - writtenAtMs,
    claimed: startingAtMs - writtenAtMs,
    started: entry('process.started').at - writtenAtMs,
    prepared: entry('prepared').at - writtenAtMs,
    stageStarted: stage.at - writtenAtMs,
  }
}

/** GitHub has the next one of this kind. */
function sent({ log }: Service, kind: string) {
  return log.next(({ event, fields }) => event === 'report.sent' && fields['kind'] === kind)
}

function partOf(node: readonly number[], comments: readonly CommentTimes[]): Part {
  const fromAnswer = comments.map((times) => times.fromAnswer)
  const fromComment = comments.map((times) => times.fromComment)
  return {
    name: 'comment',
    title: '2. A comment to its first stage, over the start of node',
    conditions:
      'One pull request of acme/site at the stand-in for GitHub, which shares this machine; the next comment comes when nothing of the last is under way. All warm; rounds alternate.',
    groups: [
      {
        title: 'ratio',
        figures: [
          figure('accepted (webhook answered) to stage.started', '×', ratios(fromAnswer, node), 4),
          figure('comment written to stage.started', '×', ratios(fromComment, node)),
          figure('`node -e 0`', 'ms', node),
          figure('accepted (webhook answered) to stage.started', 'ms', fromAnswer),
          figure('comment written to stage.started', 'ms', fromComment),
        ],
      },
      { title: 'GitHub', figures: figuresOfGitHub(comments) },
      { title: 'where the time goes, step by step', figures: stepsOf(MOMENTS, comments) },
    ],
  }
}

/** Writes are what GitHub is short of: 80 a minute, 500 an hour. */
function figuresOfGitHub(comments: readonly CommentTimes[]) {
  const of = (key: 'writes' | 'reacted' | 'shown' | 'told') => comments.map((times) => times[key])
  return [
    figure('writes for one run, reaction included', '', of('writes')),
    figure('comment written to its reaction', 'ms', of('reacted')),
    figure('comment written to its check run', 'ms', of('shown')),
    figure('run.concluded to the end on the check run', 'ms', of('told')),
  ]
}
