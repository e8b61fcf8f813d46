import { EXIT } from '../errors.ts'
import { formatDuration } from '../model/duration.ts'
import { lastSweeps } from '../store/sweeps.ts'
import { type Sweep, sweepsOf } from '../web/sweeps.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { paintOf } from './screen.ts'
import { type Column, momentText, table } from './table.ts'

const HEADS: readonly (string | Column)[] = [
  'swept',
  { head: 'took', spare: 2 },
  { head: 'what', spare: 1 },
  'name',
  { head: 'action', paint: paintOf },
  'why',
]

/** `berth sweeps`: what the janitor's last sweeps did, and why; the newest first. */
export function listSweeps({ state, stdout }: Context, json: boolean): number {
  const sweeps = sweepsOf({ lastSweeps: () => lastSweeps(state) })
  if (json) stdout.write(jsonText(sweeps))
  else if (sweeps.length === 0)
    stdout.write('No janitor has swept here yet; see `berth janitor --dry-run`.\n')
  else
    stdout.write(
      table(
        HEADS,
        sweeps.flatMap((sweep) => rowsOf(sweep, momentText(sweep.startedAtMs, stdout))),
        stdout,
      ),
    )
  return EXIT.ok
}

function rowsOf({ tookMs, findings, findingCount }: Sweep, at: string): readonly (readonly string[])[] {
  const took = formatDuration(tookMs)
  if (findings.length === 0) return [[at, took, '', '', 'nothing was left', '']]
  const more = findingCount - findings.length
  return [
    ...findings.map(({ what, name, action, why }, index) => [
      index === 0 ? at : '',
      index === 0 ? took : '',
      what,
      name,
      action,
      why,
    ]),
    ...(more > 0 ? [['', '', '', `and ${more} more`, '', '']] : []),
  ]
}
