import { lstatSync } from 'node:fs'
import { join } from 'node:path'
import { type Finding, finding, guarded } from '../janitor/finding.ts'
import { hasVerifiedEnd } from '../lock/dirtyNames.ts'
import { openRun } from '../lock/openRuns.ts'
import { hasRunFolder, runPaths } from '../store/runFolder.ts'
import { isRunId } from '../store/runId.ts'
import { entriesOf, type StatePaths } from '../store/stateFolder.ts'
import { GENERATED, isOwn, leaveShared, sharedFolder } from './places.ts'
import { removeFolder } from './runSecrets.ts'

/**
 * Removes secrets that belong to no run any more: its folder is gone, or it has been cleaned. Those of a run that is to be cleaned go with
 * its teardown, which may need them. A run's folder comes before its secrets, and no run is cleaned twice: whatever is found here is found for good.
 */
export function sweepSecrets(state: StatePaths, dryRun: boolean): readonly Finding[] {
  const shared = sharedFolder(state)
  const inMemory = isOwn(shared) && shared !== null ? [...foldersIn(shared, ''), ...generatedOf(shared)] : []
  const onDisk = ['secrets', 'generated-secrets'].flatMap((below) => foldersIn(state.runs, below))
  const found = [...inMemory, ...onDisk].filter(({ id }) => isNobodys(state, id))
  const findings = found.flatMap(({ id, folder }) =>
    guarded('secrets', id, () => removed(id, folder, dryRun)),
  )
  if (!dryRun) leaveShared({ shared })
  return findings
}

interface SecretFolder {
  readonly id: string
  readonly folder: string
}

function foldersIn(parent: string, below: string): readonly SecretFolder[] {
  return entriesOf(parent)
    .filter(isRunId)
    .map((id) => ({ id, folder: join(parent, id, below) }))
    .filter(({ folder }) => lstatSync(folder, { throwIfNoEntry: false }) !== undefined)
}

function generatedOf(shared: string): readonly SecretFolder[] {
  return entriesOf(shared)
    .filter((name) => name.endsWith(GENERATED))
    .map((name) => ({ id: name.slice(0, -GENERATED.length), folder: join(shared, name) }))
    .filter(({ id }) => isRunId(id))
}

function isNobodys(state: StatePaths, id: string): boolean {
  const run = runPaths(state, id)
  return openRun(state, id) === null && (!hasRunFolder(run) || hasVerifiedEnd(run))
}

function removed(id: string, folder: string, dryRun: boolean): readonly Finding[] {
  if (dryRun) return [finding('secrets', id, 'would clean', `${folder}: the run is over`)]
  const left = removeFolder(folder)
  if (left.length > 0) return [finding('secrets', id, 'left', left.join('; '))]
  return [finding('secrets', id, 'cleaned', `${folder}: the run is over`)]
}
