import { NO_MASK } from './mask.ts'
import type { RunSecrets } from './runSecrets.ts'

/** Of a run whose recipe asks for none. */
export const NO_SECRETS: RunSecrets = {
  folder: null,
  mask: NO_MASK,
  place: () => undefined,
  learn: () => undefined,
  knowsAll: () => true,
  restore: () => [],
  remove: () => [],
}
