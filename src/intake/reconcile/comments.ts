import { messageOf } from '../../errors.ts'
import { parseCommands } from '../../model/command.ts'
import type { Delivery, Watch } from '../../model/ports.ts'
import { type Fields, fieldsOf, listOf, numberOf, optional, textOf } from '../../model/read.ts'
import { subjectOfComment } from '../asked.ts'
import { type CommentEvent, readEvent } from '../event.ts'
import { missedDelivery } from './missed.ts'
import type { Asking, Place, ReconcileWorld, Told } from './ports.ts'

const PAGE_SIZE = 100
/** A thousand comments a look; the next one goes on from there. */
const MOST_PAGES = 10
/** A comment may become visible after a younger one. */
const OVERLAP_MS = 60_000
/** Nobody waits any more for an answer to what is older; it is passed over, and the log says so. */
const OLDEST_MS = 24 * 60 * 60_000

/**
 * Looks for comments of a repository that the webhooks did not tell of, and stores the deliveries that GitHub would have made. Resolves to how
 * many are new. The first look of all takes what is there for seen. @throws GitHubFault
 */
export async function lookAtComments(place: Place, world: ReconcileWorld, asking: Asking): Promise<number> {
  const watch = await world.store.watch(place.id)
  if (watch === null) return beginWatch(place, world, asking)
  let [found, last, sinceMs, page] = [0, watch, startOf(watch), 1]
  for (let asked = 0; asked < MOST_PAGES; asked += 1) {
    const told = await pageOf(place, asking, sinceMs, page, asked === 0 ? watch.etag : null)
    if (told === null) return found
    const comments = listOf({ data: told.data }, 'data', (comment) => fieldsOf(comment, 'comment'))
    const isLast = comments.length < PAGE_SIZE
    const newestMs = Math.max(last.cursorMs, ...comments.map(changedAt))
    const next = { ...last, cursorMs: newestMs, etag: null }
    last = { ...next, etag: isLast && asked === 0 && startOf(next) === sinceMs ? told.etag : null }
    found += await world.store.noteWatched(last, await missedAmong(comments, { place, watch, world, told }))
    if (isLast) return found
    const fromMs = Math.max(...comments.map(changedAt))
    ;[sinceMs, page] = fromMs > sinceMs ? [fromMs, 1] : [sinceMs, page + 1]
  }
  return found
}

async function beginWatch(place: Place, { store }: ReconcileWorld, asking: Asking): Promise<number> {
  const told = await asking.ask(place, COMMENTS, { ...pathOf(place), per_page: 1 }, null)
  if (told === null) return 0
  return store.noteWatched(
    { repositoryId: place.id, sinceMs: told.atMs, cursorMs: told.atMs, etag: null },
    [],
  )
}

const COMMENTS = 'GET /repos/{owner}/{repo}/issues/comments'

function pathOf({ owner, name }: Place) {
  return { owner, repo: name }
}

/** The same for as long as nothing changes, so that GitHub can say just that. */
function startOf({ cursorMs }: Watch): number {
  return cursorMs - OVERLAP_MS
}

/** By the time of the last page rather than by number: a comment that is edited meanwhile moves those after it to other pages. */
function pageOf(
  place: Place,
  asking: Asking,
  sinceMs: number,
  page: number,
  etag: string | null,
): Promise<Told | null> {
  const since = new Date(sinceMs).toISOString().replace(/\.\d{3}Z$/, 'Z')
  const query = { since, sort: 'updated', direction: 'asc', per_page: PAGE_SIZE, page }
  return asking.ask(place, COMMENTS, { ...pathOf(place), ...query }, etag)
}

interface Look {
  readonly place: Place
  readonly watch: Watch
  readonly world: ReconcileWorld
  readonly told: Told
}

async function missedAmong(comments: readonly Fields[], look: Look): Promise<readonly Delivery[]> {
  const missed: Delivery[] = []
  for (const comment of comments) {
    const delivery = readOrNote(comment, look)
    if (delivery === null) continue
    if (!(await look.world.store.hasActed(subjectOfComment(numberOf(comment, 'id'))))) missed.push(delivery)
  }
  return missed
}

/** A comment that cannot be read hides none of those beside it. */
function readOrNote(comment: Fields, look: Look): Delivery | null {
  try {
    return deliveryOf(comment, look)
  } catch (error) {
    const { place, world } = look
    world.log.warn({ repository: place.fullName, error: messageOf(error) }, 'reconcile.unreadable')
    return null
  }
}

/** Null = it asks for nothing: no command, of a program, edited, there before the first look, or too old to be answered. */
function deliveryOf(comment: Fields, { place, watch, world, told }: Look): Delivery | null {
  const createdAtMs = Date.parse(textOf(comment, 'created_at'))
  if (createdAtMs <= watch.sinceMs || changedAt(comment) !== createdAtMs) return null
  const id = numberOf(comment, 'id')
  const payload = payloadOf(comment)
  const delivery = missedDelivery('issue_comment', `comment/${id}`, payload, place, world.time.now())
  if (!isCommand(readEvent(delivery))) return null
  if (told.atMs - createdAtMs <= OLDEST_MS) return delivery
  world.log.warn({ repository: place.fullName, comment: id }, 'reconcile.passed_over')
  return null
}

function isCommand(event: ReturnType<typeof readEvent>): event is CommentEvent {
  return event.kind === 'comment' && parseCommands(event.body).length > 0
}

function payloadOf(comment: Fields): Fields {
  const number = Number(/\/issues\/(\d+)$/.exec(textOf(comment, 'issue_url'))?.[1])
  const isPull = /\/pull\/\d+(?:#|$)/.test(textOf(comment, 'html_url'))
  const { id, body, created_at, performed_via_github_app } = comment
  return {
    action: 'created',
    issue: { number, ...(isPull ? { pull_request: {} } : {}) },
    comment: { id, body, user: accountOf(comment), created_at, performed_via_github_app },
    sender: accountOf(comment),
  }
}

/** An account that was removed is GitHub's `ghost`: nobody who may start anything. */
function accountOf(comment: Fields): Fields {
  const user = optional(comment, 'user', (all, key) => fieldsOf(all[key], key))
  if (user === null) return { id: 0, login: 'ghost', type: 'Bot' }
  return { id: user['id'], login: user['login'], type: user['type'] }
}

/** 0 = it does not say: then it is of no use, and hides nothing. */
function changedAt(comment: Fields): number {
  const ms = Date.parse(optional(comment, 'updated_at', textOf) ?? '')
  return Number.isFinite(ms) ? ms : 0
}
