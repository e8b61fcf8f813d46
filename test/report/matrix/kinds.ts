import { EMPTY_JOURNAL } from '../../../src/model/journal.ts'
import type { NewRun, RunChange } from '../../../src/model/ports.ts'
import type { NewReport } from '../../../src/model/report.ts'
import { checkReport, firstCheck } from '../../../src/report/checkRun.ts'
import { NO_EXTRAS } from '../../../src/report/extras.ts'
import { findPull, reactionsOf } from '../../../src/sandbox/github/memory.ts'
import type { CheckRun, Comment } from '../../../src/sandbox/github/records.ts'
import { aReaction, aRun, PASSED } from '../../store/samples.ts'
import type { MatrixWorld } from './world.ts'

/** A thing that is to be said: the request that says it, and what GitHub then has of it. */
export interface Said {
  readonly key: string
  readonly method: 'POST' | 'PATCH'
  readonly path: RegExp
  /** Gives it to the outbox. */
  readonly say: () => Promise<void>
  /** `right` = there is one, and it is as it should be; `before` = it is as it was before; anything else is a fault. */
  readonly stands: () => string
}

/** A column of the table each. A further kind of report is a further entry. */
export const KINDS: Readonly<Record<string, (world: MatrixWorld, id: string) => Promise<Said>>> = {
  reaction,
  reply,
  'reply, edited': editedReply,
  'check, created': async (world, id) => {
    const run = runOf(world, id)
    return checkSaid(world, run, `check:${id}:0`, 'POST', 'queued', () =>
      world.queue(run, [firstCheck(run, null)]),
    )
  },
  'check, updated': (world, id) => laterCheck(world, id, { state: 'starting' }, 'in_progress'),
  'check, ended': (world, id) =>
    laterCheck(
      world,
      id,
      { state: 'concluded', concludedAtMs: world.clock.now(), verdict: PASSED },
      'completed',
    ),
  'check, created as ended': async (world, id) => {
    const run = runOf(world, id)
    const end = { state: 'concluded', concludedAtMs: world.clock.now(), verdict: PASSED } as const
    const say = async () => {
      await world.queue(run, [firstCheck(run, null)])
      await tell(world, id, end)
    }
    return checkSaid(world, run, `check:${id}:1`, 'POST', 'completed', say)
  },
}

async function reaction(world: MatrixWorld, id: string): Promise<Said> {
  const { memory, people } = world.gitHub
  const comment = people.comment(1, 'octocat', `a comment for ${id}`)
  const report = { ...aReaction(comment.id), ...placeOf(world) }
  return {
    key: report.key,
    method: 'POST',
    path: /\/reactions$/,
    say: () => say(world, report),
    stands: () => {
      const found = reactionsOf(memory, comment.id).map(({ content }) => content)
      return standing(found.length, () => found[0] === 'eyes')
    },
  }
}

async function reply(world: MatrixWorld, id: string): Promise<Said> {
  const { memory } = world.gitHub
  const body = JSON.stringify({ body: `an answer for ${id}` })
  const report: NewReport = {
    ...aReaction(0),
    ...placeOf(world),
    key: `reply:${id}`,
    kind: 'reply',
    commentId: null,
    body,
  }
  const isOurs = (comment: Comment) => comment.body.includes(`an answer for ${id}\n`)
  return {
    key: report.key,
    method: 'POST',
    path: /\/issues\/\d+\/comments$/,
    say: () => say(world, report),
    stands: () => standing([...memory.comments.values()].filter(isOurs).length, () => true),
  }
}

/** The form of a reply that follows the end of its run. */
async function editedReply(world: MatrixWorld, id: string): Promise<Said> {
  const { memory, people } = world.gitHub
  const { id: commentId } = people.comment(1, 'octocat', `a comment for ${id}`)
  const run = runOf(world, id)
  const body = JSON.stringify({ body: `an answer for ${id}` })
  const first: NewReport = {
    ...aReaction(commentId),
    ...placeOf(world),
    key: `reply:${commentId}`,
    kind: 'reply',
    body,
  }
  const parts = [{ text: `an answer for ${id}`, runs: [id], orders: [] }]
  await world.queue(run, [first, firstCheck(run, null)], [{ ...placeOf(world), commentId, parts }])
  world.outbox.wake()
  await world.ended(first.key)
  await world.ended(`check:${id}:0`)
  const ours = () =>
    [...memory.comments.values()].filter(({ body: text }) => text.includes(`an answer for ${id}\n`))
  const key = `${first.key}:1`
  return {
    key,
    method: 'PATCH',
    path: /\/issues\/comments\/\d+$/,
    async say() {
      await tell(world, id, { state: 'concluded', concludedAtMs: world.clock.now(), verdict: PASSED })
      world.outbox.wake()
    },
    stands() {
      const [only] = ours()
      if (
        ours().length === 1 &&
        only?.body.includes('queued') === false &&
        !only.body.includes('**success**')
      )
        return 'before'
      return standing(ours().length, () => only?.body.includes('**success**') === true)
    },
  }
}

/** A state that follows one that GitHub has. */
async function laterCheck(
  world: MatrixWorld,
  id: string,
  change: RunChange,
  status: CheckRun['status'],
): Promise<Said> {
  const run = runOf(world, id)
  await world.queue(run, [firstCheck(run, null)])
  world.outbox.wake()
  await world.ended(`check:${id}:0`)
  return checkSaid(world, run, `check:${id}:1`, 'PATCH', status, () => tell(world, id, change))
}

function checkSaid(
  { gitHub, outbox, clock }: MatrixWorld,
  run: NewRun,
  key: string,
  method: Said['method'],
  status: CheckRun['status'],
  add: () => Promise<void>,
): Said {
  return {
    key,
    method,
    path: method === 'POST' ? /\/check-runs$/ : /\/check-runs\/\d+$/,
    async say() {
      await add()
      clock.advance(REST_MS)
      outbox.wake()
    },
    stands() {
      const found = [...gitHub.memory.checkRuns.values()].filter(({ externalId }) => externalId === run.id)
      const [check] = found
      if (method === 'PATCH' && found.length === 1 && check?.status === 'queued') return 'before'
      return standing(found.length, () => check?.status === status)
    },
  }
}

/** So long a state waits for the next one; and a moment more. */
const REST_MS = 301

function standing(count: number, isRight: () => boolean): string {
  if (count === 0) return 'before'
  return count === 1 && isRight() ? 'right' : `wrong: there are ${count}`
}

async function say({ store, outbox }: MatrixWorld, report: NewReport): Promise<void> {
  await store.addReports([report])
  outbox.wake()
}

async function tell({ store }: MatrixWorld, id: string, change: RunChange): Promise<void> {
  const row = await store.run(id)
  if (row === null) throw new Error(`run ${id} is missing`)
  const report = checkReport({ ...row, ...change }, EMPTY_JOURNAL, NO_EXTRAS)
  await store.change(id, row.state, change, [report])
}

function runOf(world: MatrixWorld, id: string): NewRun {
  const { memory, repository } = world.gitHub
  const sha = findPull(memory, repository.id, 1)?.head.sha ?? ''
  return aRun(id, { ...placeOf(world), repositoryId: String(repository.id), sha })
}

function placeOf({ gitHub }: MatrixWorld) {
  return { repository: 'acme/site', installationId: gitHub.memory.app.installationId, pr: 1 }
}
