import { existsSync, lstatSync } from 'node:fs'
import type { Context } from '../cli/context.ts'
import { finding } from '../janitor/finding.ts'
import type { RetentionWorld } from '../janitor/retentionPorts.ts'
import { openRun } from '../lock/openRuns.ts'
import { asidePath, runsAside, setAside, whyKept } from '../lock/setAside.ts'
import { isOff } from '../model/mechanisms.ts'
import { entriesInUse } from '../process/filesInUse.ts'
import { pruneMirrors } from '../process/pruneMirrors.ts'
import { removeTree } from '../store/folderTree.ts'
import { runPaths } from '../store/runFolder.ts'
import { isRunId, runIdAtMs } from '../store/runId.ts'
import { knownSize, measureSize } from '../store/runSize.ts'
import { entriesOf, type StatePaths } from '../store/stateFolder.ts'
import { once } from './once.ts'

/** Sweeps come every few minutes, and names that others wait for come first in each: what only takes room may not keep one up for longer. */
const MOST_MS = 60_000

/** While retention is switched off. */
const ALL: RetentionWorld['policy'] = { days: Infinity, sizeBytes: Infinity }

/** What retention works with. Its time begins with its first look. */
export function makeRetentionWorld({ config, state }: Pick<Context, 'config' | 'state'>): RetentionWorld {
  const began = once(() => performance.now())
  const spentMs = () => performance.now() - began()
  const mayGoOn = () => spentMs() < MOST_MS
  const inUse = once(() => entriesInUse(state.runs))
  const keepsAll = isOff(config, 'retention')
  return {
    policy: keepsAll ? ALL : config.retention,
    nowMs: Date.now,
    mayGoOn,
    runs: () => entriesOf(state.runs).filter(isRunId),
    askedAtMs: runIdAtMs,
    endedAtMs: (id) => endedAtMs(state, id),
    bytesOf: (id, dryRun) => bytesOf(state, id, () => spentMs() < MOST_MS / 2, !dryRun),
    readerOf: (id) => inUse().get(id) ?? null,
    whyKept: (id) => whyKept(state, runPaths(state, id)),
    setAside: (id) => setAside(state, id),
    aside: () => (keepsAll ? [] : runsAside(state)),
    removeAside: (id) => removeTree(asidePath(state, id), mayGoOn),
    pruneMirrors: async (unusedMs, dryRun) =>
      keepsAll
        ? [finding('mirror', '', 'untouched', 'retention is switched off: mirrors and run folders stay')]
        : pruneMirrors({ paths: state, unusedMs, nowMs: Date.now(), mayGoOn, dryRun }),
  }
}

/**
 * Its result is written at its end; where there is none, the folder itself tells when it was last touched: a run may have waited long before it got one.
 * A time that is still to come tells nothing.
 */
function endedAtMs(state: StatePaths, id: string): number {
  const { folder, result } = runPaths(state, id)
  const stat = lstatSync(result, { throwIfNoEntry: false }) ?? lstatSync(folder, { throwIfNoEntry: false })
  const askedAtMs = runIdAtMs(id)
  if (stat === undefined || stat.mtimeMs > Date.now()) return askedAtMs
  return Math.max(askedAtMs, stat.mtimeMs)
}

/** A run that is not over may be writing, and cannot be pruned: its folder does not count. */
function bytesOf(state: StatePaths, id: string, mayMeasure: () => boolean, keep: boolean): number {
  const run = runPaths(state, id)
  const known = knownSize(run)
  if (known !== null) return known
  const isOver = existsSync(run.result) && openRun(state, id) === null
  return isOver && mayMeasure() ? measureSize(run, keep) : 0
}
