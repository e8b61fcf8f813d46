import { existsSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '../errors.ts'
import { type Finding, finding } from '../janitor/finding.ts'
import { removeTree } from '../store/folderTree.ts'
import { readResult } from '../store/result.ts'
import { hasRunFolder, runPaths } from '../store/runFolder.ts'
import { isRunId } from '../store/runId.ts'
import { entriesOf, type StatePaths } from '../store/stateFolder.ts'
import { lockMirrorNow } from './mirror.ts'

const ASIDE = '.gone-'
/** What proper-lockfile puts behind the name. */
const LOCK = '.lock'
const DAY_MS = 86_400_000

export interface MirrorPruning {
  readonly paths: StatePaths
  /** A mirror that no run has used for so long goes. */
  readonly unusedMs: number
  readonly nowMs: number
  readonly mayGoOn: () => boolean
  readonly dryRun: boolean
}

/** Removes mirrors that nobody uses any more, and what killed clones and killed sweeps have left beside them. */
export async function pruneMirrors(pruning: MirrorPruning): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const entry of entriesOf(pruning.paths.mirrors)) {
    const found = await pruneEntry(pruning, entry).catch((error: unknown) =>
      finding('mirror', entry, 'left', messageOf(error)),
    )
    if (found !== null) findings.push(found)
  }
  return findings
}

async function pruneEntry(pruning: MirrorPruning, entry: string): Promise<Finding | null> {
  if (entry.startsWith(ASIDE)) return removed(pruning, entry, 'its removal had begun')
  if (entry.endsWith(LOCK)) return await endDeadLock(pruning, entry)
  const [mirror, clonedBy] = partsOf(entry)
  if (mirror === null) return null
  const why = clonedBy === null ? unused(pruning, entry) : abandoned(pruning.paths, clonedBy)
  if (why === null) return null
  if (pruning.dryRun) return finding('mirror', entry, 'would prune', why)
  await using lock = await lockMirrorNow(join(pruning.paths.mirrors, mirror))
  if (lock === null) return finding('mirror', entry, 'untouched', 'somebody fetches into it')
  return setAside(pruning, entry, clonedBy !== null)
    ? removed(pruning, `${ASIDE}${entry}`, why)
    : finding('mirror', entry, 'untouched', 'a run has begun to use it')
}

/** Whoever died over a mirror that is gone now has left its lock: only those that want the mirror again would take it over. */
async function endDeadLock({ paths, dryRun }: MirrorPruning, entry: string): Promise<null> {
  const mirror = join(paths.mirrors, entry.slice(0, -LOCK.length))
  if (dryRun || existsSync(mirror)) return null
  await using _lock = await lockMirrorNow(mirror)
  return null
}

/** `<repository>.git`, or what a run cloned beside it: `<repository>.git.<run>`. */
function partsOf(entry: string): readonly [mirror: string | null, clonedBy: string | null] {
  if (/^[^.].*\.git$/.test(entry)) return [entry, null]
  const [, mirror = null, run = ''] = /^([^.].*\.git)\.([^.]+)$/.exec(entry) ?? []
  return isRunId(run) ? [mirror, run] : [null, null]
}

function unused({ paths, unusedMs, nowMs }: MirrorPruning, entry: string): string | null {
  const { mtimeMs } = statSync(join(paths.mirrors, entry))
  if (nowMs - mtimeMs <= unusedMs) return null
  const days = Math.floor((nowMs - mtimeMs) / DAY_MS)
  return `no run has used it for ${days} days, and mirrors are kept for ${Math.floor(unusedMs / DAY_MS)}`
}

/** Whoever clones has the mirror's lock, and a run that goes on. */
function abandoned(paths: StatePaths, run: string): string | null {
  const folder = runPaths(paths, run)
  if (hasRunFolder(folder) && readResult(folder) === null) return null
  return `run ${run}, which cloned it, is over`
}

/**
 * Out of its place first: a run that comes now clones anew. One that had come before has noted its use, and gets the mirror back; git stands
 * in it, and does not see that it was moved.
 */
function setAside(pruning: MirrorPruning, entry: string, anyway: boolean): boolean {
  const { mirrors } = pruning.paths
  const [place, aside] = [join(mirrors, entry), join(mirrors, `${ASIDE}${entry}`)]
  renameSync(place, aside)
  if (anyway || unused(pruning, `${ASIDE}${entry}`) !== null) return true
  if (!existsSync(place)) renameSync(aside, place)
  return false
}

function removed({ paths, mayGoOn, dryRun }: MirrorPruning, aside: string, why: string): Finding {
  const name = aside.slice(ASIDE.length)
  if (dryRun) return finding('mirror', name, 'would prune', why)
  if (removeTree(join(paths.mirrors, aside), mayGoOn)) return finding('mirror', name, 'pruned', why)
  return finding('mirror', name, 'untouched', "this sweep's time for it is over; the next one goes on")
}
