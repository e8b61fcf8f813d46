import type { Hono } from 'hono'
import { etag } from 'hono/etag'
import type { RunRow } from '../model/ports.ts'
import { html } from './pages/html.ts'
import type { WebWorld } from './ports.ts'

/** In units of the drawing; texts are fitted into the room that is made for them, whatever font there is. */
const HEIGHT = 20
const CHARACTER = 6.6
const PADDING = 10

/** How the newest run of a recipe that has ended in a repository ended, as a picture for a README; it asks no other service. */
export function addBadges(app: Hono, world: Pick<WebWorld, 'store'>): void {
  app.get('/badges/:owner/:repository/:file', etag(), async (c) => {
    const { owner, repository, file } = c.req.param()
    const [, recipe] = /^([a-z0-9-]{1,40})\.svg$/.exec(file) ?? []
    if (recipe === undefined) return c.notFound()
    const filter = { repository: `${owner}/${repository}`, recipe, state: 'concluded' } as const
    const { runs } = await world.store.runPage(filter, null, 1)
    // Pictures are shown on other sites: that is what they are for.
    c.header('cross-origin-resource-policy', 'cross-origin')
    return c.body(String(await pictureOf(recipe, runs[0] ?? null)), 200, { 'content-type': 'image/svg+xml' })
  })
}

function pictureOf(recipe: string, run: RunRow | null) {
  const [word, colour] = END_WORDS[run?.verdict?.conclusion ?? 'none']
  const [left, right] = [widthOf(recipe), widthOf(word)]
  const whole = left + right
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${whole}" height="${HEIGHT}" role="img" aria-label="${recipe}: ${word}">
<title>${recipe}: ${word}</title>
<rect width="${whole}" height="${HEIGHT}" rx="3" fill="${colour}"/>
<path d="M3 0h${left - 3}v${HEIGHT}H3a3 3 0 0 1-3-3V3a3 3 0 0 1 3-3z" fill="#444"/>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle">
${textAt(left / 2, recipe)}${textAt(left + right / 2, word)}
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
} as const satisfies Readonly<Record<string, readonly [word: string, colour: string]>>

function textAt(x: number, text: string) {
  return html`<text x="${x}" y="14" textLength="${room(text)}" lengthAdjust="spacingAndGlyphs">${text}</text>`
}

function widthOf(text: string): number {
  return room(text) + PADDING
}

function room(text: string): number {
  return Math.ceil([...text].length * CHARACTER)
}
