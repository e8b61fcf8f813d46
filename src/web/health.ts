import type { Hono } from 'hono'
import { messageOf } from '../errors.ts'
import { plainText } from '../model/plainText.ts'
import { addressOf } from './access/address.ts'
import type { WebWorld } from './ports.ts'

/** For whoever watches the service: alive, able to work, and its numbers. */
export function addHealth(app: Hono, world: WebWorld): void {
  const { metrics } = world

  // Whom we take the caller for is what the reverse proxy makes of it: `berth doctor` looks.
  app.get('/healthz', (c) => c.text('alive\n', 200, { 'berth-sees': addressOf(c) }))

  app.get('/readyz', async (c) => {
    const reasons = await reasonsOf(world)
    const notes = notesOf(world)
    const text = [...(reasons.length === 0 ? ['ready'] : ['not ready:', ...reasons.map(item)]), ...notes]
    return c.text(`${text.join('\n')}\n`, reasons.length === 0 ? 200 : 503)
  })

  app.get('/metrics', async (c) => c.body(await metrics.text(), 200, { 'content-type': metrics.contentType }))
}

/** Why the service cannot do its work now; none = it can. What the operator has switched off on purpose is no reason. */
export async function reasonsOf({ ready }: Pick<WebWorld, 'ready'>): Promise<readonly string[]> {
  return ready().catch((error: unknown) => [`the check itself failed: ${messageOf(error)}`])
}

function notesOf({ config, refused }: WebWorld): readonly string[] {
  const { switchedOff } = config()
  return [
    ...(switchedOff.length === 0 ? [] : [`switched off: ${switchedOff.join(', ')}`]),
    ...(refused() === null ? [] : ['the last reload was refused: what was in force before still is']),
  ]
}

function item(reason: string): string {
  return `- ${plainText(reason)}`
}
