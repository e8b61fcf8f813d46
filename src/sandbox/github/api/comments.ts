import { type Context, Hono } from 'hono'
import { z } from 'zod'
import { commentAnswer, reactionAnswer } from '../answers/comment.ts'
import { timeOf } from '../answers/schemas.ts'
import { addComment, deleteComment, editComment, react } from '../comments.ts'
import type { PublicHub } from '../hub.ts'
import { commentsOf, findPull, reactionsOf } from '../memory.ts'
import { type Comment, REACTIONS } from '../records.ts'
import { installationOnly } from './auth.ts'
import { bodyOf } from './body.ts'
import { type ApiEnv, pullOfPath, repositoryOfPath } from './env.ts'
import { notFound, validationFailed } from './errors.ts'
import { pageOf } from './paging.ts'
import { refuseLocked } from './places.ts'

const MOST_CHARACTERS = 65_536

/** Comments on pull requests are comments on issues: either permission opens them. */
const read = installationOnly({ issues: 'read' }, { pull_requests: 'read' })
const write = installationOnly({ issues: 'write' }, { pull_requests: 'write' })

const COMMENT = z.object({ body: z.string() })
const REACTION = z.object({ content: z.enum(REACTIONS) })

/** https://docs.github.com/rest/issues/comments */
export function commentRoutes(hub: PublicHub): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const { memory } = hub
  const answer = (comment: Comment) => commentAnswer(hub.url, memory, comment)

  routes.get('/repos/:owner/:repo/issues/comments', read, (c) => {
    const { id } = repositoryOfPath(c, hub)
    const all = [...memory.comments.values()].filter((comment) => comment.repositoryId === id)
    return c.json(pageOf(c, sorted(c, since(c, all))).map(answer))
  })

  routes.get('/repos/:owner/:repo/issues/:number{[0-9]+}/comments', read, (c) => {
    const pull = pullOfPath(c, hub)
    return c.json(pageOf(c, since(c, commentsOf(memory, pull.repositoryId, pull.number))).map(answer))
  })

  routes.post('/repos/:owner/:repo/issues/:number{[0-9]+}/comments', write, async (c) => {
    refuseLocked(pullOfPath(c, hub), 'comment')
    const { body } = checkedComment(await bodyOf(c, COMMENT))
    const comment = answer(addComment(hub, pullOfPath(c, hub), memory.app.bot, body))
    return c.json(comment, 201, { location: comment.url })
  })

  routes.get('/repos/:owner/:repo/issues/comments/:id{[0-9]+}', read, (c) =>
    c.json(answer(commentOfPath(c, hub))),
  )

  routes.patch('/repos/:owner/:repo/issues/comments/:id{[0-9]+}', write, async (c) => {
    commentOfPath(c, hub)
    const { body } = checkedComment(await bodyOf(c, COMMENT))
    return c.json(answer(editComment(hub, commentOfPath(c, hub), memory.app.bot, body)))
  })

  routes.delete('/repos/:owner/:repo/issues/comments/:id{[0-9]+}', write, (c) => {
    deleteComment(hub, commentOfPath(c, hub), memory.app.bot)
    return c.body(null, 204)
  })

  return routes
}

/** https://docs.github.com/rest/reactions/reactions */
export function reactionRoutes(hub: PublicHub): Hono<ApiEnv> {
  const routes = new Hono<ApiEnv>()
  const { memory } = hub

  routes.get('/repos/:owner/:repo/issues/comments/:id{[0-9]+}/reactions', read, (c) => {
    const content = c.req.query('content')
    const reactions = reactionsOf(memory, commentOfPath(c, hub).id).filter(
      (reaction) => content === undefined || reaction.content === content,
    )
    return c.json(pageOf(c, reactions).map((reaction) => reactionAnswer(hub.url, reaction)))
  })

  routes.post('/repos/:owner/:repo/issues/comments/:id{[0-9]+}/reactions', write, async (c) => {
    const on = commentOfPath(c, hub)
    const pull = findPull(memory, on.repositoryId, on.issue)
    if (pull !== null) refuseLocked(pull, 'reaction')
    const { content } = await bodyOf(c, REACTION)
    const { reaction, fresh } = react(hub, commentOfPath(c, hub), memory.app.bot, content)
    return c.json(reactionAnswer(hub.url, reaction), fresh ? 201 : 200)
  })

  return routes
}

/** A comment has something in it, and not too much. */
export function checkedComment(comment: { readonly body: string }): { readonly body: string } {
  const fault = (message: string) =>
    validationFailed([{ resource: 'IssueComment', code: 'unprocessable', field: 'data', message }])
  if (comment.body.trim() === '') throw fault('Body cannot be blank')
  if ([...comment.body].length > MOST_CHARACTERS)
    throw fault(`Body is too long (maximum is ${MOST_CHARACTERS} characters)`)
  return comment
}

function commentOfPath(c: Context<ApiEnv>, hub: PublicHub): Comment {
  const repository = repositoryOfPath(c, hub)
  const comment = hub.memory.comments.get(Number(c.req.param('id')))
  if (comment?.repositoryId !== repository.id) throw notFound()
  return comment
}

/** Comments that were changed at or after `since`. */
function since(c: Context<ApiEnv>, comments: readonly Comment[]): readonly Comment[] {
  const time = c.req.query('since')
  if (time === undefined) return comments
  const sinceMs = Date.parse(time)
  if (Number.isNaN(sinceMs))
    throw validationFailed([{ resource: 'IssueComment', field: 'since', code: 'invalid' }])
  return comments.filter((comment) => Date.parse(timeOf(comment.updatedAtMs)) >= sinceMs)
}

function sorted(c: Context<ApiEnv>, comments: readonly Comment[]): readonly Comment[] {
  const { sort = 'created', direction } = c.req.query()
  const at = (comment: Comment) => (sort === 'updated' ? comment.updatedAtMs : comment.createdAtMs)
  const ascending = comments.toSorted((a, b) => at(a) - at(b) || a.id - b.id)
  return direction === 'desc' ? ascending.toReversed() : ascending
}
