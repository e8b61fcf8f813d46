import type { Driver } from '../run/ports.ts'
import { stackDriver } from './stack/stackDriver.ts'
import type { StackParts } from './stack/stage.ts'

/** A compose project on one engine, which need be in no swarm (R-DKR-11). */
export function composeDriver(parts: StackParts): Driver & Disposable {
  return stackDriver(parts, async () => (await import('./stack/composeOrchestrator.ts')).composeOrchestrator)
}
