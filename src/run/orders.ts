import { HarnessError } from '../errors.ts'
import type { Name } from '../model/names.ts'

/** Before the number of the control pipe: the locks are not taken yet, and the first line of the pipe says when they are. */
export const WARM = 'warm:'

/** What the wrapper says on the run process's command line. */
export interface Orders {
  readonly folder: string
  /** Names whose locks stand at descriptors 3, 4, … */
  readonly names: readonly Name[]
  /** Descriptor of the control pipe; null in a process that was started again. */
  readonly control: number | null
  /** Started ahead of its locks: nothing may be touched before the first line of the control pipe. */
  readonly warm: boolean
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
    control: control === undefined || control === '-' ? null : Number(control.replace(WARM, '')),
    warm: control?.startsWith(WARM) === true,
    wrapper: Number(wrapper),
  }
}
