import { messageOf } from '../errors.ts'
import { formatSize } from '../model/duration.ts'
import { type Finding, finding, guarded } from './finding.ts'
import type { RetentionWorld } from './retentionPorts.ts'

/** Whoever started a run that ended just now may be reading its end still, however full the folder is. */
const FRESH_MS = 3_600_000
const DAY_MS = 24 * 3_600_000

const TIME_IS_OVER = "this sweep's time for it is over; the next one goes on"

/** What a pass found, and how much the folders of runs that are over take when it has ended. */
export interface Retained {
  readonly findings: readonly Finding[]
  readonly runFolders: number
  readonly bytes: number
}

/**
 * Prunes run folders and mirrors by age, and run folders by their size together, oldest first. What cannot be pruned is passed over, and said.
 * One look at each folder; what takes long is spread over several sweeps.
 */
export async function retain(world: RetentionWorld, dryRun: boolean): Promise<Retained> {
  const finished = guarded('run folder', '', () => finishRemovals(world, dryRun))
  const { findings: pruned, ...rest } = pruneRuns(world, dryRun)
  const mirrors = await world
    .pruneMirrors(world.policy.days * DAY_MS, dryRun)
    .catch((error: unknown) => [finding('mirror', '', 'left', messageOf(error))])
  return { findings: [...finished, ...pruned, ...mirrors], ...rest }
}

/** Of sweeps that were killed, or out of time. */
function finishRemovals(world: RetentionWorld, dryRun: boolean): readonly Finding[] {
  return world
    .aside()
    .map((id) =>
      dryRun
        ? finding('run folder', id, 'would prune', 'its removal has begun')
        : removed(world, id, 'its removal had begun'),
    )
}

/** A folder that cannot be looked at is left, and stops no other. */
function pruneRuns(world: RetentionWorld, dryRun: boolean): Retained {
  const findings: Finding[] = []
  const tried = <T>(id: string, look: () => T, otherwise: T): T => {
    try {
      return look()
    } catch (error) {
      findings.push(finding('run folder', id, 'left', messageOf(error)))
      return otherwise
    }
  }
  const ids = tried('', world.runs, [])
  const folders = ids.map((id) => ({ id, bytes: tried(id, () => world.bytesOf(id, dryRun), 0) }))
  let bytes = folders.reduce((sum, folder) => sum + folder.bytes, 0)
  let runFolders = folders.length
  for (const folder of folders) {
    if (isYoung(world, folder.id) && bytes <= world.policy.sizeBytes) break
    const why = tried(folder.id, () => whyPruned(world, folder.id, bytes), null)
    if (why === null) continue
    const found = tried(folder.id, () => pruneRun(world, folder.id, why, dryRun), null)
    if (found !== null) findings.push(found)
    if (found === null || found.action === 'untouched') continue
    bytes -= folder.bytes
    runFolders -= 1
  }
  return { findings, runFolders, bytes }
}

/** Folders come in the order in which their runs were asked for: those after it are younger still. */
function isYoung(world: RetentionWorld, id: string): boolean {
  return world.nowMs() - world.askedAtMs(id) <= world.policy.days * DAY_MS
}

function whyPruned(world: RetentionWorld, id: string, bytes: number): string | null {
  const { days, sizeBytes } = world.policy
  const nowMs = world.nowMs()
  const sinceMs = nowMs - world.endedAtMs(id)
  if (sinceMs > days * DAY_MS)
    return `it ended ${Math.floor(sinceMs / DAY_MS)} days ago, and is kept for ${days}`
  if (bytes <= sizeBytes || sinceMs < FRESH_MS) return null
  return `run folders have ${formatSize(bytes)} together, and ${formatSize(sizeBytes)} are kept`
}

function pruneRun(world: RetentionWorld, id: string, why: string, dryRun: boolean): Finding {
  if (!world.mayGoOn()) return finding('run folder', id, 'untouched', TIME_IS_OVER)
  const reader = world.readerOf(id)
  const kept =
    reader === null
      ? dryRun
        ? world.whyKept(id)
        : world.setAside(id)
      : `process ${reader} stands in it, or reads it`
  if (kept !== null) return finding('run folder', id, 'untouched', `${kept}; else: ${why}`)
  return dryRun ? finding('run folder', id, 'would prune', why) : removed(world, id, why)
}

function removed(world: RetentionWorld, id: string, why: string): Finding {
  try {
    const all = world.removeAside(id)
    return finding('run folder', id, all ? 'pruned' : 'untouched', all ? why : TIME_IS_OVER)
  } catch (error) {
    return finding('run folder', id, 'left', `it is set aside and cannot be removed: ${messageOf(error)}`)
  }
}
