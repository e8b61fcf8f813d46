import type { Context, Hono } from 'hono'
import { notFound } from '../github/api/errors.ts'
import { pullsOf } from '../github/memory.ts'
import type { PageParts } from './parts.ts'

/** Buttons that do not ask who presses them are pressed by somebody who may. */
const MAINTAINER = 'octocat'

/** What the pages' buttons do; each leads back to where it was pressed. */
export function addActions(routes: Hono, path: string, parts: PageParts): void {
  addPullActions(routes, path, parts)
  addCommentActions(routes, path, parts)
  addCheckActions(routes, path, parts)
  routes.post('/deliveries/:id{[0-9]+}/redeliver', (c) => {
    if (!parts.deliveries.redeliver(idOf(c))) throw notFound()
    return c.redirect('/deliveries', 303)
  })
}

function addPullActions(routes: Hono, path: string, { hub, people }: PageParts): void {
  const pullPath = `${path}/pull/:id{[0-9]+}`

  routes.post(`${pullPath}/commits`, async (c) => {
    await people.push(idOf(c), {
      message: 'Another small change',
      files: { 'notes.txt': `Changed at ${new Date(hub.now()).toISOString()}\n` },
    })
    return c.redirect(`${path}/pull/${idOf(c)}`, 303)
  })

  routes.post(`${pullPath}/close`, (c) => {
    people.close(idOf(c), MAINTAINER)
    return c.redirect(`${path}/pull/${idOf(c)}`, 303)
  })

  routes.post(`${pullPath}/rerequest`, (c) => {
    people.rerequestAll(idOf(c), MAINTAINER)
    return c.redirect(`${path}/pull/${idOf(c)}`, 303)
  })

  routes.post(`${pullPath}/reopen`, (c) => {
    people.reopen(idOf(c), MAINTAINER)
    return c.redirect(`${path}/pull/${idOf(c)}`, 303)
  })
}

function addCommentActions(routes: Hono, path: string, { hub, people }: PageParts): void {
  routes.post(`${path}/pull/:id{[0-9]+}/comments`, async (c) => {
    const form = await formOf(c)
    const { id } = people.comment(idOf(c), form('as'), form('quick') || form('body'))
    return c.redirect(`${path}/pull/${idOf(c)}#issuecomment-${id}`, 303)
  })

  routes.post(`${path}/comments/:id{[0-9]+}`, async (c) => {
    const form = await formOf(c)
    const comment = hub.memory.comments.get(idOf(c))
    if (comment === undefined) throw notFound()
    const { login } = comment.author
    if (form('do') === 'delete') people.deleteComment(comment.id, login)
    else people.editComment(comment.id, login, form('body'))
    return c.redirect(`${path}/pull/${comment.issue}`, 303)
  })
}

function addCheckActions(routes: Hono, path: string, parts: PageParts): void {
  routes.post(`${path}/runs/:id{[0-9]+}/rerequest`, (c) => {
    parts.people.rerequest(idOf(c), MAINTAINER)
    return c.redirect(pathOfRun(path, parts, idOf(c)), 303)
  })

  routes.post(`${path}/runs/:id{[0-9]+}/action`, async (c) => {
    const form = await formOf(c)
    parts.people.requestAction(idOf(c), form('identifier'), MAINTAINER)
    return c.redirect(pathOfRun(path, parts, idOf(c)), 303)
  })
}

function idOf(c: Context): number {
  return Number(c.req.param('id'))
}

/** A form's fields by name; a missing one is empty. */
async function formOf(c: Context): Promise<(name: string) => string> {
  const form = await c.req.formData()
  return (name) => {
    const value = form.get(name)
    return typeof value === 'string' ? value.replaceAll('\r\n', '\n') : ''
  }
}

/** The pull request that shows the check run, or the check run's own page when the head has moved on. */
function pathOfRun(path: string, { hub: { memory }, repository }: PageParts, id: number): string {
  const sha = memory.checkRuns.get(id)?.sha
  const pull = pullsOf(memory, repository.id).find((one) => one.head.sha === sha)
  return pull === undefined ? `${path}/runs/${id}` : `${path}/pull/${pull.number}`
}
