import type { Driver } from '../run/ports.ts'
import { stackDriver } from './stack/stackDriver.ts'
import type { StackParts } from './stack/stage.ts'

/** A stack of a Docker swarm. */
export function swarmDriver(parts: StackParts): Driver & Disposable {
  return stackDriver(parts, async () => (await import('./stack/swarmOrchestrator.ts')).swarmOrchestrator)
}
