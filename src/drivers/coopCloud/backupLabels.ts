import type { Label } from './labels.ts'

/** What the `backupbot.*` labels of a service ask for. Commands are run in the service's container. */
export interface ServiceBackup {
  readonly service: string
  /** `backupbot.backup`; null = this service does not say. */
  readonly backup: boolean | null
  /** `backupbot.restore`, of the first version only; null = this service does not say. */
  readonly restore: boolean | null
  readonly hooks: BackupHooks
  /** In the container (first version: `backupbot.backup.path`). */
  readonly paths: readonly string[]
  /** Of the second version: `backupbot.backup.volumes.<volume>`. A volume that is not named is backed up as a whole. */
  readonly volumes: readonly VolumeBackup[]
}

export interface BackupHooks {
  readonly preBackup: string | null
  readonly postBackup: string | null
  readonly preRestore: string | null
  readonly postRestore: string | null
}

export interface VolumeBackup {
  /** In the compose files. */
  readonly volume: string
  /** false = it is left out. */
  readonly backup: boolean
  /** In the volume; empty = all of it. */
  readonly paths: readonly string[]
}

export interface BackupPlan {
  /** Whether any service asks for a backup: then the stack is backed up (second version), or those services are (first). */
  readonly isWanted: boolean
  readonly services: readonly ServiceBackup[]
}

const PREFIX = 'backupbot.'

/** The backup labels of a stack, in both forms (Co-op Cloud's backup specification, and backup-bot's README before it). */
export function backupPlan(labels: readonly Pick<Label, 'service' | 'key' | 'value'>[]): BackupPlan {
  const own = labels.filter(({ key }) => key.startsWith(PREFIX))
  const services = [...new Set(own.map(({ service }) => service))].map((service) =>
    serviceBackup(
      service,
      new Map(
        own
          .filter((label) => label.service === service)
          .map(({ key, value }) => [key.slice(PREFIX.length), value]),
      ),
    ),
  )
  return { isWanted: services.some(({ backup }) => backup === true), services }
}

type Fields = ReadonlyMap<string, string>

function serviceBackup(service: string, fields: Fields): ServiceBackup {
  return {
    service,
    backup: flag(fields.get('backup')),
    restore: flag(fields.get('restore')),
    hooks: {
      preBackup: fields.get('backup.pre-hook') || null,
      postBackup: fields.get('backup.post-hook') || null,
      preRestore: fields.get('restore.pre-hook') || null,
      postRestore: fields.get('restore.post-hook') || null,
    },
    paths: pathsIn(fields.get('backup.path')),
    volumes: volumesIn(fields),
  }
}

const VOLUME = /^backup\.volumes\.(.+?)(\.path)?$/

function volumesIn(fields: Fields): readonly VolumeBackup[] {
  const names = [...fields.keys()].flatMap((key) => VOLUME.exec(key)?.[1] ?? [])
  return [...new Set(names)].map((volume) => ({
    volume,
    backup: flag(fields.get(`backup.volumes.${volume}`)) ?? true,
    paths: pathsIn(fields.get(`backup.volumes.${volume}.path`)),
  }))
}

function flag(text: string | undefined): boolean | null {
  return text === undefined || text === '' ? null : text.toLowerCase() === 'true'
}

function pathsIn(text: string | undefined): readonly string[] {
  return (text ?? '')
    .split(',')
    .map((path) => path.trim())
    .filter((path) => path !== '')
}
