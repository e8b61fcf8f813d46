import { readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import type { Hono } from 'hono'
import { notFound } from '../github/api/errors.ts'

const TYPES: Readonly<Record<string, string>> = {
  'style.css': 'text/css; charset=utf-8',
  'live.js': 'text/javascript; charset=utf-8',
  'avatar.svg': 'image/svg+xml',
}

/** The files that pages load: our own, and the library's style sheet, which `style.css` imports under its version. */
export function addAssets(routes: Hono): void {
  const require = createRequire(import.meta.url)
  const { version }: { readonly version: string } = require('@picocss/pico/package.json')
  const library = readFileSync(require.resolve('@picocss/pico/css/pico.min.css'), 'utf8')

  routes.get(`/assets/pico-${version}.css`, (c) =>
    c.body(library, 200, {
      'content-type': 'text/css; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
    }),
  )

  routes.get('/assets/:file', async (c) => {
    const type = TYPES[c.req.param('file')]
    if (type === undefined) throw notFound()
    const text = await readFile(join(import.meta.dirname, 'assets', c.req.param('file')))
    return c.body(text, 200, { 'content-type': type })
  })
}
