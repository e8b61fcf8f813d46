import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { oneLine } from '../../model/cutText.ts'
import { formatSize } from '../../model/duration.ts'
import { stackName } from '../../model/names.ts'
import { type BackupItem, type BackupScope, backupScope } from '../coopCloud/backupScope.ts'
import { copyOut, type Place, type Room } from '../docker/archive.ts'
import type { Engine } from '../docker/engine.ts'
import type { TarMembers } from '../docker/tarMembers.ts'
import { type BackedUp, makeBackupFolder, noteBackup } from './backupFolder.ts'
import { containersOf } from './containers.ts'
import { runHooks } from './hooks.ts'
import { lastDeployed } from './lastDeployed.ts'
import { servicesOf } from './services.ts'
import type { StackStage, StackStageEnd } from './stage.ts'
import { atStandstill } from './standstill.ts'

/** Of all archives of a stage: they lie on the harness's disk. */
export const MOST_COPIED_BYTES = 1024 ** 3
const MOST_PATH = 200

/**
 * Backs the stack up as its labels say: hooks before, copies of volumes and paths, hooks behind. Red where that leaves nothing that could be restored
 * (R-DKR-13).
 */
export async function backup(stage: StackStage, engine: Engine): Promise<StackStageEnd> {
  const deployed = lastDeployed(stage.run)
  if (deployed === null) return failed('nothing is there: a stage with deploy: {} has to come before')
  const scope = backupScope(stackName(stage.request.domain), servicesOf(stage, deployed))
  if (scope === null)
    return failed(
      `no service says backupbot.backup=true in its ${stage.orchestrator.driver === 'swarm' ? 'deploy.labels' : 'labels'}: nobody would back this stack up`,
    )
  if (scope.items.length === 0) return failed('the labels leave nothing: no volume, and no path')
  const before = await runHooks(stage, engine, scope.hooks, 'preBackup')
  const copied = before === null ? await copyAll(stage, engine, scope) : before
  const behind = await runHooks(stage, engine, scope.hooks, 'postBackup')
  if (stage.signal.aborted) return { ...BY_ITSELF, outcome: 'cancelled', detail: 'before all was copied' }
  if (typeof copied === 'string') return failed(copied)
  if (behind !== null) return failed(behind)
  const fault = emptyFault(copied)
  if (fault !== null) return failed(fault)
  noteBackup(stage.run, { stage: stage.name, items: copied.map(({ members: _members, ...item }) => item) })
  const all = copied.map(({ members }) => sumOf(members))
  const [files, bytes] = [sum(all.map((one) => one.files)), sum(all.map((one) => one.bytes))]
  return { ...BY_ITSELF, outcome: 'success', detail: `${files} files, ${formatSize(bytes)}` }
}

const BY_ITSELF = { ended: [], isLost: false } as const

function failed(detail: string): StackStageEnd {
  return { ...BY_ITSELF, outcome: 'failure', detail }
}

interface Copied extends BackedUp {
  readonly members: TarMembers
}

/** Or what could not be copied, for people. */
async function copyAll(
  stage: StackStage,
  engine: Engine,
  { items }: BackupScope,
): Promise<readonly Copied[] | string> {
  const folder = makeBackupFolder(stage.run, stage.name)
  const placed = await placesOf(stage, engine, items)
  if (typeof placed === 'string') return placed
  let isWhole = false
  try {
    const copied = await atStandstill(stage, engine, () => copyEach(stage, engine, placed, folder))
    isWhole = typeof copied !== 'string'
    return copied
  } finally {
    // What nobody will restore only takes room.
    if (!isWhole) rmSync(folder, { recursive: true, force: true })
  }
}

async function copyEach(
  stage: StackStage,
  engine: Engine,
  placed: readonly Placed<BackupItem>[],
  folder: string,
): Promise<readonly Copied[] | string> {
  const room: Room = { bytes: MOST_COPIED_BYTES }
  const copied: Copied[] = []
  for (const [index, { item, place }] of placed.entries()) {
    const file = join(folder, `${index}.tar`)
    const copy = await copyOut(engine, place, { file, room, signal: stage.signal })
    if ('fault' in copy) return `${nameOf(item)} cannot be copied: ${copy.fault}`
    const { files, bytes } = sumOf(copy.members)
    stage.say(`${nameOf(item)}: ${files} files, ${formatSize(bytes)}`)
    copied.push({ ...item, ...copy, file })
  }
  return copied
}

export interface Placed<T> {
  readonly item: T
  readonly place: Place
}

/** Each in a running container of its service; or the service that has none, for people. */
export async function placesOf<T extends BackupItem>(
  stage: StackStage,
  engine: Engine,
  items: readonly T[],
): Promise<readonly Placed<T>[] | string> {
  const placed: Placed<T>[] = []
  for (const item of items) {
    const { service, path } = item
    const [container] = await containersOf(stage, engine, service)
    if (container === undefined) return `no task of ${service} runs here`
    placed.push({ item, place: { service, path, container: container.id } })
  }
  return placed
}

/** For people. */
export function nameOf({ service, path }: BackupItem): string {
  return `${oneLine(path, MOST_PATH)} of ${service}`
}

/** What a label names must hold something; of whole volumes one has to, since a new stack has written little. */
function emptyFault(copied: readonly Copied[]): string | null {
  const empty = copied.filter(({ members }) => sumOf(members).bytes === 0)
  const named = empty.find(({ isNamed }) => isNamed)
  if (named !== undefined) return `the backup is empty: ${nameOf(named)} holds nothing`
  if (empty.length < copied.length) return null
  return `the backup is empty: nothing is in ${copied.map(nameOf).join(', nothing in ')}`
}

function sumOf(members: TarMembers): { readonly files: number; readonly bytes: number } {
  const files = [...members.values()].filter(({ kind }) => kind === 'file')
  return { files: files.length, bytes: sum(files.map(({ size }) => size)) }
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}
