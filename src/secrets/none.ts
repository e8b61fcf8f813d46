import type { StackSecrets } from './generated.ts'
import { NO_MASK } from './mask.ts'

/** Of a run whose recipe asks for none, and that generates none. */
export const NO_SECRETS: StackSecrets = {
  folder: null,
  mask: NO_MASK,
  place: () => undefined,
  learn: () => undefined,
  knowsAll: () => true,
  given: () => null,
  restore: () => [],
  remove: () => [],
  hide() {
    throw new TypeError('this run was not to generate secrets')
  },
  forget: () => [],
}
