import { HarnessError } from '../errors.ts'
import type { Name } from '../model/names.ts'

/** What the wrapper says on the run process's command line. */
export interface Orders {
  readonly folder: string
  /** Names whose locks stand at descriptors 3, 4, … */
  readonly names: readonly Name[]
  /** Descriptor of the control pipe; null in a process that was started again. */
  readonly control: number | null
  readonly wrapper: number
}

/** @throws HarnessError ORDERS: only `scripts/run-wrapper` starts this program */
export function readOrders(words: readonly string[]): Orders {
  const [folder, names, control, wrapper] = words
  if (folder === undefined || names === undefined || wrapper === undefined || !/^\d+$/.test(wrapper)) {
    throw new HarnessError(
      'ORDERS',
      'The run process is started by scripts/run-wrapper only; use `berth run`',
    )
  }
  return {
    folder,
    names: names.split(',').filter((name) => name !== ''),
    control: control === undefined || control === '-' ? null : Number(control),
    wrapper: Number(wrapper),
  }
}
