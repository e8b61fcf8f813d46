import { z } from '@hono/zod-openapi'
import { SWEPT } from '../janitor/finding.ts'
import { AT_MS } from './api/fields.ts'
import type { StateReads } from './ports.ts'

const COUNTS = z.object({ free: z.int(), busy: z.int(), dirty: z.int(), blocked: z.int() })

/** A sweep as the janitor has noted it. */
export const SWEEP = z
  .object({
    startedAtMs: AT_MS,
    tookMs: z.int(),
    exitCode: z.int().describe('0 nothing was left, 10 cleaned, 1 something is left.'),
    findings: z.array(
      z.object({ what: z.enum(SWEPT), name: z.string(), action: z.string(), why: z.string() }),
    ),
    findingCount: z.int().describe('All of them; the first 100 are listed.'),
    leakCount: z.int().describe('Locks that are held for longer than is due.'),
    names: COUNTS.nullable().describe('After the sweep, by state.'),
    runFolders: z.int(),
    bytes: z.int(),
    limitBytes: z.int(),
  })
  .openapi('Sweep')

export type Sweep = z.infer<typeof SWEEP>

/** The janitor's last sweeps, newest first. One that a janitor of another age has written, and this berth cannot read, is left out. */
export function sweepsOf({ lastSweeps }: Pick<StateReads, 'lastSweeps'>): readonly Sweep[] {
  const readable = lastSweeps().map((sweep) => SWEEP.safeParse(sweep).data)
  return readable.filter((sweep) => sweep !== undefined).toReversed()
}
