import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { extname, join } from 'node:path'
import type { Hono } from 'hono'
import { etag } from 'hono/etag'

const OWN = join(import.meta.dirname, 'assets')

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** The library's style sheet, as it is in its package; `style.css` imports it by this name, which changes with its version. */
const PICO = picoOf(createRequire(import.meta.url))

/** The files that pages load. Only a name of the table ever becomes part of a path. */
export function addAssets(app: Hono): void {
  const own = new Map(readdirSync(OWN).map((file) => [file, TYPES[extname(file)]]))

  app.get(`/assets/${PICO.name}`, (c) =>
    c.body(PICO.text, 200, {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    }),
  )

  app.get('/assets/:file', etag(), async (c) => {
    const file = c.req.param('file')
    const type = own.get(file)
    if (type === undefined) return c.notFound()
    return c.body(await readFile(join(OWN, file)), 200, { 'content-type': type })
  })
}

function picoOf(require: NodeJS.Require): { readonly name: string; readonly text: string } {
  const { version }: { readonly version: string } = require('@picocss/pico/package.json')
  const text = readFileSync(require.resolve('@picocss/pico/css/pico.min.css'), 'utf8')
  return { name: `pico-${version}.css`, text }
}
