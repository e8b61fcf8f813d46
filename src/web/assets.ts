import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { etag } from 'hono/etag'

const TYPES: ReadonlyMap<string, string> = new Map([
  ['style.css', 'text/css; charset=utf-8'],
  ['run.css', 'text/css; charset=utf-8'],
  ['log.js', 'text/javascript; charset=utf-8'],
  ['live.js', 'text/javascript; charset=utf-8'],
  ['berth.svg', 'image/svg+xml'],
])

/** The files that pages load. Only a name of the table ever becomes part of a path. */
export function addAssets(app: Hono): void {
  app.get('/assets/:file', etag(), async (c) => {
    const file = c.req.param('file')
    const type = TYPES.get(file)
    if (type === undefined) return c.notFound()
    return c.body(await readFile(join(import.meta.dirname, 'assets', file)), 200, { 'content-type': type })
  })
}
