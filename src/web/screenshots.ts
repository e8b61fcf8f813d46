import type { Hono } from 'hono'
import { isRunId } from '../store/runId.ts'
import type { WebWorld } from './ports.ts'

/** A picture is shown, whatever is in it; nothing of it is a page. */
const PICTURE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"

/** Pictures that stages have had taken. They never change. */
export function addScreenshots(app: Hono, world: Pick<WebWorld, 'screenshot'>): void {
  app.get('/runs/:id/screenshots/:file', (c) => {
    const { id, file } = c.req.param()
    const [, stage] = /^([a-z0-9-]{1,40})\.png$/.exec(file) ?? []
    const png = stage === undefined || !isRunId(id) ? null : world.screenshot(id, stage)
    if (png === null) return c.notFound()
    return c.body(new Uint8Array(png), 200, {
      'content-type': 'image/png',
      'content-security-policy': PICTURE_POLICY,
      'cache-control': 'private, max-age=86400, immutable',
    })
  })
}
