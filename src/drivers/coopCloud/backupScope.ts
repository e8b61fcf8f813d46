import { posix } from 'node:path'
import { type BackupHooks, backupPlan, type ServiceBackup, type VolumeBackup } from './backupLabels.ts'

/** A service of a stack that stands, as its backup sees it. */
export interface BackupService {
  /** In the compose files. */
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly volumes: readonly ServiceVolume[]
}

export interface ServiceVolume {
  /** In the engine. */
  readonly name: string
  /** In the containers of the service. */
  readonly target: string
}

/** What is copied, as one of the services sees it. */
export interface BackupItem {
  readonly service: string
  /** In its containers. */
  readonly path: string
  /** In the engine; null = the labels name the path itself, and it may lie in the container alone. */
  readonly volume: string | null
  /** A label says this very path: it has to hold something. */
  readonly isNamed: boolean
  /** No label says that it is not to be restored. */
  readonly isRestored: boolean
}

export interface BackupScope {
  readonly items: readonly BackupItem[]
  /** Of the services that take part. */
  readonly hooks: ReadonlyMap<string, BackupHooks>
}

/**
 * What a stack's labels ask to be backed up. By the first version of the labels (`backupbot.backup.path`) each service that says so has its own paths;
 * by the second one all volumes of the stack count that no label leaves out. Null = no service asks for anything.
 */
export function backupScope(stack: string, services: readonly BackupService[]): BackupScope | null {
  const labels = services.flatMap(({ name, labels }) =>
    Object.entries(labels).map(([key, value]) => ({ service: name, key, value })),
  )
  const plan = backupPlan(labels)
  if (!plan.isWanted) return null
  const isFirst = plan.services.some(({ backup, paths }) => backup === true && paths.length > 0)
  const rules = plan.services.flatMap(({ volumes }) => volumes)
  const parts = services.flatMap((service) => {
    const own = plan.services.find((one) => one.service === service.name) ?? unlabelled(service.name)
    const isIn = isFirst ? own.backup === true : own.backup !== false
    return isIn ? [{ service, own }] : []
  })
  const items = parts.flatMap(({ service, own }) => [
    ...own.paths.map((path) => itemOf(own, { path: posix.resolve('/', path), volume: null, isNamed: true })),
    ...(own.paths.length > 0
      ? []
      : service.volumes.flatMap((volume) => volumeItems(stack, own, volume, rules))),
  ])
  return {
    items: withoutDoubles(items),
    hooks: new Map(parts.map(({ service, own }) => [service.name, own.hooks])),
  }
}

function unlabelled(service: string): ServiceBackup {
  const hooks = { preBackup: null, postBackup: null, preRestore: null, postRestore: null }
  return { service, backup: null, restore: null, hooks, paths: [], volumes: [] }
}

function itemOf(
  { service, restore }: ServiceBackup,
  what: Pick<BackupItem, 'path' | 'volume' | 'isNamed'>,
): BackupItem {
  return { service, ...what, isRestored: restore !== false }
}

function volumeItems(
  stack: string,
  own: ServiceBackup,
  { name, target }: ServiceVolume,
  rules: readonly VolumeBackup[],
): readonly BackupItem[] {
  const key = name.startsWith(`${stack}_`) ? name.slice(stack.length + 1) : name
  const said = rules.filter((rule) => rule.volume === key)
  if (said.some(({ backup }) => !backup)) return []
  const paths = said.flatMap((rule) => rule.paths)
  if (paths.length === 0) return [itemOf(own, { path: target, volume: name, isNamed: false })]
  // Never above the volume, whatever the label says.
  return paths.map((path) =>
    itemOf(own, { path: posix.join(target, posix.resolve('/', path)), volume: name, isNamed: true }),
  )
}

/** Services share volumes: what one of them has shown is not copied again. */
function withoutDoubles(items: readonly BackupItem[]): readonly BackupItem[] {
  const seen = new Map<string, string>()
  return items.filter(({ service, volume }) => {
    if (volume === null) return true
    const first = seen.get(volume) ?? service
    seen.set(volume, first)
    return first === service
  })
}
