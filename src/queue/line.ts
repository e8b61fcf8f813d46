import type { StopRequest } from '../model/journal.ts'
import type { Name } from '../model/names.ts'
import type { RunRow } from '../model/ports.ts'
import { isOfLoop, type Suppressed } from '../model/rateLimits.ts'

/** The queue, by what each run may do. */
export interface Line {
  /** Asked to stop: they start nothing, and stand in nobody's way. */
  readonly stopped: readonly { readonly id: string; readonly stop: StopRequest }[]
  /** They keep failing: until then they start nothing, and stand in nobody's way. */
  readonly suppressed: readonly { readonly row: RunRow; readonly loop: Suppressed }[]
  /** The first for all of their names. */
  readonly heads: readonly RunRow[]
  /** With the nearest run ahead: one that starts or ends changes what one run waits for, and not what all of them do. */
  readonly behind: readonly Behind[]
}

interface Behind {
  readonly row: RunRow
  readonly ahead: string
  readonly name: Name
}

/**
 * Who stands where. A place among the waiters of a name is for the first run of the queue alone: one behind it that kept a place would stop
 * it for ever.
 */
export function lineOf(queued: readonly RunRow[], loops: readonly Suppressed[]): Line {
  const stopped: Line['stopped'][number][] = []
  const suppressed: Line['suppressed'][number][] = []
  const heads: RunRow[] = []
  const behind: Behind[] = []
  const last = new Map<Name, string>()
  for (const row of queued) {
    if (row.stop !== null) {
      stopped.push({ id: row.id, stop: row.stop })
      continue
    }
    const loop = loops.find((one) => isOfLoop(one, row))
    if (loop !== undefined) {
      suppressed.push({ row, loop })
      continue
    }
    const name = row.names.find((wanted) => last.has(wanted))
    if (name === undefined) heads.push(row)
    else behind.push({ row, ahead: last.get(name) ?? '', name })
    for (const wanted of row.names) last.set(wanted, row.id)
  }
  return { stopped, suppressed, heads, behind }
}
