import { oneLine } from '../../model/cutText.ts'
import { stackName } from '../../model/names.ts'
import { type BackupScope, type BackupService, backupScope } from '../coopCloud/backupScope.ts'
import { copyIn, copyOut, membersIn, type Room } from '../docker/archive.ts'
import type { Engine } from '../docker/engine.ts'
import type { TarMember, TarMembers } from '../docker/tarMembers.ts'
import { type BackedUp, lastBackup } from './backupFolder.ts'
import { MOST_COPIED_BYTES, nameOf, type Placed, placesOf } from './backupStage.ts'
import { runHooks } from './hooks.ts'
import { lastDeployed } from './lastDeployed.ts'
import { loseData } from './loseData.ts'
import { servicesOf } from './services.ts'
import type { StackStage, StackStageEnd } from './stage.ts'
import { atStandstill } from './standstill.ts'

/**
 * Loses the stack's data, deploys it once more, and brings the last backup back as the labels say. Green only where each file of the backup is there again,
 * byte for byte, that was not there, or was another one, without it (R-DKR-13).
 */
export async function restore(stage: StackStage, engine: Engine): Promise<StackStageEnd> {
  const backup = lastBackup(stage.run)
  const deployed = lastDeployed(stage.run)
  if (backup === null || deployed === null)
    return failed('there is no backup: a stage with backup: {} has to come before')
  const items = backup.items.filter(({ isRestored }) => isRestored)
  if (items.length === 0) return failed('the labels say backupbot.restore=false for all that was backed up')
  const left = await loseData(stage, engine)
  if (left !== null) return stopped(`still there: ${left}`)
  const again = await stage.orchestrator.stand(stage, engine, deployed)
  if (again.outcome !== 'success') return { ...again, detail: `without its data: ${again.detail}` }
  const services = servicesOf(stage, deployed)
  const hooks = backupScope(stackName(stage.request.domain), services)?.hooks ?? new Map()
  const fault = await bringBack(stage, engine, items, hooks)
  if (stage.signal.aborted) return stopped('before all was back')
  if (fault !== null) return failed(fault)
  for (const name of unaware(services, items, hooks)) {
    stage.say(`${name} begins anew with its data`)
    await stage.orchestrator.restart(engine, stackName(stage.request.domain), name)
  }
  const end = await stage.orchestrator.stand(stage, engine, deployed)
  return end.outcome === 'success' ? { ...end, detail: `the backup of stage ${backup.stage} is back` } : end
}

const BY_ITSELF = { ended: [], isLost: false } as const

function failed(detail: string): StackStageEnd {
  return { ...BY_ITSELF, outcome: 'failure', detail }
}

function stopped(detail: string): StackStageEnd {
  return { ...BY_ITSELF, outcome: 'cancelled', detail }
}

type Hooks = BackupScope['hooks']

/** What went wrong, for people; null = nothing. */
async function bringBack(
  stage: StackStage,
  engine: Engine,
  items: readonly BackedUp[],
  hooks: Hooks,
): Promise<string | null> {
  const before = await runHooks(stage, engine, hooks, 'preRestore')
  if (before !== null) return before
  const placed = await placesOf(stage, engine, items)
  if (typeof placed === 'string') return placed
  const fault = await atStandstill(stage, engine, () => copyBack(stage, engine, placed))
  return fault ?? (await runHooks(stage, engine, hooks, 'postRestore'))
}

async function copyBack(
  stage: StackStage,
  engine: Engine,
  placed: readonly Placed<BackedUp>[],
): Promise<string | null> {
  let lost = 0
  for (const { item, place } of placed) {
    const members = await membersIn(item.file)
    const fresh = await copyOut(engine, place, { file: null, room: roomOf(), signal: stage.signal })
    lost += 'fault' in fresh ? members.size : missingIn(fresh.members, members).length
    const { file, isFolder } = item
    const limits = { mostMs: stage.timeoutMs(), signal: stage.signal }
    const refused = await copyIn(engine, place, { file, isFolder, ...limits })
    if (refused !== null) return `${nameOf(item)} cannot be restored: ${refused}`
    const back = await copyOut(engine, place, { file: null, room: roomOf(), signal: stage.signal })
    if ('fault' in back) return `${nameOf(item)} cannot be looked at after its restore: ${back.fault}`
    const missing = missingIn(back.members, members)
    for (const path of missing.slice(0, MOST_TOLD))
      stage.say(`not back as it was: ${oneLine(path, MOST_PATH)} in ${nameOf(item)}`)
    const [first] = missing
    if (first !== undefined)
      return `${missing.length} of ${members.size} files in ${nameOf(item)} are not back as they were, such as ${oneLine(first, MOST_PATH)}`
    stage.say(`${nameOf(item)}: ${members.size} files are back as they were`)
  }
  if (lost > 0) return null
  return 'the restore has changed nothing: all of the backup was there without it; write something in a stage before the backup'
}

const MOST_TOLD = 20
const MOST_PATH = 200

/** An app that has begun anew may have more than was backed up; what it has is only looked at. */
function roomOf(): Room {
  return { bytes: MOST_COPIED_BYTES }
}

/** Of the backup, what is not there, or is another one. */
function missingIn(there: TarMembers, backedUp: TarMembers): readonly string[] {
  return [...backedUp].flatMap(([path, member]) => (isSame(there.get(path), member) ? [] : [path]))
}

function isSame(one: TarMember | undefined, other: TarMember): boolean {
  return (
    one !== undefined &&
    one.kind === other.kind &&
    one.size === other.size &&
    one.rights === other.rights &&
    one.link === other.link &&
    one.digest === other.digest
  )
}

/**
 * A program goes on with the files that it has open, and has read, unless a hook tells it better: services whose volumes were restored, and that have no
 * hook. What was restored into a container alone would be lost by a new one.
 */
function unaware(
  services: readonly BackupService[],
  items: readonly BackedUp[],
  hooks: Hooks,
): readonly string[] {
  const restored = new Set(items.map(({ volume }) => volume))
  const inContainer = new Set(items.filter(({ volume }) => volume === null).map(({ service }) => service))
  return services
    .filter(({ name, volumes }) => {
      const own = hooks.get(name)
      const isTold = own !== undefined && (own.preRestore !== null || own.postRestore !== null)
      return !isTold && !inContainer.has(name) && volumes.some((volume) => restored.has(volume.name))
    })
    .map(({ name }) => name)
}
