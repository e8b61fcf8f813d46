import type { Context, Hono } from 'hono'
import { etag } from 'hono/etag'
import { type Level, levelOf, RUNGS } from '../model/level.ts'
import type { RunRow } from '../model/ports.ts'
import { html } from './pages/html.ts'
import type { WebWorld } from './ports.ts'

/** In units of the drawing; texts are fitted into the room that is made for them, whatever font there is. */
const HEIGHT = 20
const CHARACTER = 6.6
const PADDING = 10

/**
 * How the newest run of a recipe that has ended in a repository ended (`RECIPE.svg`), or how far its stack has come in it (`RECIPE/level.svg`), as a
 * picture for a README; it asks no other service.
 */
export function addBadges(app: Hono, world: Pick<WebWorld, 'store' | 'runLook'>): void {
  app.get('/badges/:owner/:repository/:file', etag(), async (c) => {
    const [, recipe] = /^([a-z0-9-]{1,40})\.svg$/.exec(c.req.param('file')) ?? []
    if (recipe === undefined) return c.notFound()
    const run = await newestOf(c, recipe)
    return answer(c, recipe, END_WORDS[run?.verdict?.conclusion ?? 'none'])
  })

  app.get('/badges/:owner/:repository/:recipe/level.svg', etag(), async (c) => {
    const { recipe } = c.req.param()
    if (!/^[a-z0-9-]{1,40}$/.test(recipe)) return c.notFound()
    const run = await newestOf(c, recipe)
    const look = run === null ? null : world.runLook(run.id)
    return answer(c, `${recipe} level`, levelWord(look === null ? null : levelOf(look.journal)))
  })

  async function newestOf(c: Context, recipe: string): Promise<RunRow | null> {
    const repository = `${String(c.req.param('owner'))}/${String(c.req.param('repository'))}`
    const { runs } = await world.store.runPage({ repository, recipe, state: 'concluded' }, null, 1)
    return runs[0] ?? null
  }
}

type Word = readonly [word: string, colour: string]

async function answer(c: Context, title: string, word: Word): Promise<Response> {
  // Pictures are shown on other sites: that is what they are for.
  c.header('cross-origin-resource-policy', 'cross-origin')
  return c.body(String(await pictureOf(title, word)), 200, { 'content-type': 'image/svg+xml' })
}

/** A run that is not about a stack, or whose folder is not kept any more, has none that is known. */
function levelWord(level: Level | null): Word {
  if (level === null) return ['unknown', END_WORDS.none[1]]
  const hasFailed = RUNGS.some((rung) => level.rungs[rung] === 'failed')
  const colour = hasFailed
    ? END_WORDS.failure[1]
    : level.height > 0
      ? END_WORDS.success[1]
      : END_WORDS.none[1]
  return [`${level.height} of ${RUNGS.length}`, colour]
}

function pictureOf(title: string, [word, colour]: Word) {
  const [left, right] = [widthOf(title), widthOf(word)]
  const whole = left + right
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${whole}" height="${HEIGHT}" role="img" aria-label="${title}: ${word}">
<title>${title}: ${word}</title>
<rect width="${whole}" height="${HEIGHT}" rx="3" fill="${colour}"/>
<path d="M3 0h${left - 3}v${HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
${textAt(left / 2, title)}${textAt(left + right / 2, word)}
</g>
</svg>
`
}

/** Dark enough that white on it can be read. */
const END_WORDS = {
  success: ['passed', '#1a7f37'],
  failure: ['failed', '#b42318'],
  timed_out: ['timed out', '#b42318'],
  cancelled: ['cancelled', '#57606a'],
  none: ['no run', '#57606a'],
} as const satisfies Readonly<Record<string, Word>>

function textAt(x: number, text: string) {
  return html`<text x="${x}" y="14" textLength="${room(text)}" lengthAdjust="spacingAndGlyphs">${text}</text>`
}

function widthOf(text: string): number {
  return room(text) + PADDING
}

function room(text: string): number {
  return Math.ceil([...text].length * CHARACTER)
}
