import type { Hono } from 'hono'
import { messageOf } from '../errors.ts'
import { plainText } from '../model/plainText.ts'
import type { WebWorld } from './ports.ts'

/** For whoever watches the service: alive, able to work, and its numbers. */
export function addHealth(app: Hono, { ready, metrics }: WebWorld): void {
  app.get('/healthz', (c) => c.text('alive\n'))

  app.get('/readyz', async (c) => {
    const reasons = await ready().catch((error: unknown) => [`the check itself failed: ${messageOf(error)}`])
    if (reasons.length === 0) return c.text('ready\n')
    return c.text(`not ready:\n${reasons.map((reason) => `- ${plainText(reason)}\n`).join('')}`, 503)
  })

  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
}
