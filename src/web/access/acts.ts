import type { Context, Hono } from 'hono'
import { ACTS, type Act } from '../../model/action.ts'
import { problemAnswer } from '../api/problem.ts'
import { actionPage, actionsPage } from '../pages/actions.ts'
import { layout } from '../pages/layout.ts'
import type { WebWorld } from '../ports.ts'
import { textIn } from './form.ts'
import { holdMs, MOST_REASON, newAction, type Wish } from './newAction.ts'
import { isFromOwnPage } from './origin.ts'
import { paced } from './pace.ts'
import { isCsrfOf, type OpenSession, type Sessions } from './sessions.ts'

const MINUTE_MS = 60_000
const MOST_ACTS = 60
const SHOWN_ACTIONS = 50

/** Plain forms of the pages, and what came of them. */
export function addActs(app: Hono, world: WebWorld, sessions: Sessions): void {
  const { publicUrl, now, store, act } = world
  const pace = paced(MOST_ACTS, MINUTE_MS, now)

  app.post('/act', async (c) => {
    const [session, form] = [await sessions.of(c), await c.req.parseBody()]
    if (session === null) return c.redirect('/sign-in', 303)
    const refusal = refusedForm(c, session, form, publicUrl, pace)
    if (refusal !== null) return refusal
    const wish = wishOf(form)
    if ('fault' in wish) return problemAnswer(c, 'bad_input', wish.fault)
    const { id } = await act(newAction(c, session.person, wish, now()))
    return c.redirect(`/actions/${id}`, 303)
  })

  app.get('/actions', async (c) => {
    if ((await sessions.of(c)) === null) return c.redirect('/sign-in?to=/actions', 303)
    const body = actionsPage(await store.actions(SHOWN_ACTIONS), now())
    return c.html(layout({ title: 'berth: actions', live: false, body }))
  })

  app.get('/actions/:id', async (c) => {
    if ((await sessions.of(c)) === null) return c.redirect('/sign-in?to=/actions', 303)
    const action = await store.action(c.req.param('id'))
    if (action === null) return c.notFound()
    return c.html(layout({ title: `berth: ${action.act}`, live: false, body: actionPage(action, now()) }))
  })
}

type Form = Readonly<Record<string, unknown>>

function refusedForm(
  c: Context,
  session: OpenSession,
  form: Form,
  publicUrl: string,
  pace: (key: string) => number,
): Response | null {
  if (!isFromOwnPage(c, publicUrl) || !isCsrfOf(session, textIn(form, 'csrf')))
    return problemAnswer(c, 'cross_site', 'Load the page anew, and press the button there.')
  if (!session.mayAct)
    return problemAnswer(c, 'scope_missing', 'You have signed in with a token that only looks.')
  const seconds = Math.ceil(pace(session.hash) / 1000)
  if (seconds === 0) return null
  const answer = problemAnswer(c, 'too_many_requests', `Come again in ${seconds} s.`)
  answer.headers.set('retry-after', String(seconds))
  return answer
}

/** What a form asks for, or the field that is at fault. */
function wishOf(form: Form): Wish | { readonly fault: string } {
  const act = ACTS.find((one) => one === textIn(form, 'act'))
  if (act === undefined) return { fault: `act must be one of ${ACTS.join(', ')}.` }
  const [run, name, reason] = [textIn(form, 'run'), textIn(form, 'name'), textIn(form, 'reason').trim()]
  const wish = { act, run: run === '' ? null : run, name: name === '' ? null : name, reason }
  if (wish.run === null && (wish.name === null || isOfRuns(act))) return { fault: 'run must say which.' }
  if (isOfRuns(act)) return wish
  if (reason === '' || reason.length > MOST_REASON)
    return { fault: `reason must have 1 to ${MOST_REASON} characters.` }
  if (act === 'release') return wish
  const forMs = holdMs(textIn(form, 'for'))
  return forMs === null ? { fault: 'for must be a duration such as 2h, at most 24h.' } : { ...wish, forMs }
}

function isOfRuns(act: Act): boolean {
  return act === 'cancel' || act === 'retry'
}
