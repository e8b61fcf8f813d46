import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Fields, fieldsOf, flagOf, listOf, optional, textOf } from '../../model/read.ts'
import { readIfThere, writeSynced } from '../../store/durable.ts'
import type { RunPaths } from '../../store/runFolder.ts'
import type { BackupItem } from '../coopCloud/backupScope.ts'

/** An item that was copied, and where its archive is. */
export interface BackedUp extends BackupItem {
  readonly isFolder: boolean
  readonly file: string
}

/** The run's last backup. Its archives lie in the run's own folder, which no stage's user can read, and go with it. */
export interface Backup {
  readonly stage: string
  readonly items: readonly BackedUp[]
}

/** A folder for the archives of a stage. */
export function makeBackupFolder({ folder }: RunPaths, stage: string): string {
  const path = join(folder, 'stack', 'backups', stage)
  mkdirSync(path, { recursive: true, mode: 0o700 })
  return path
}

export function noteBackup(run: RunPaths, backup: Backup): void {
  writeSynced(noteIn(run), `${JSON.stringify(backup)}\n`)
}

/** Null = no stage has backed anything up. */
export function lastBackup(run: RunPaths): Backup | null {
  if (readIfThere(noteIn(run)) === null) return null
  const fields = fieldsOf(JSON.parse(readFileSync(noteIn(run), 'utf8')), 'backup.json')
  return {
    stage: textOf(fields, 'stage'),
    items: listOf(fields, 'items', (value) => readItem(fieldsOf(value, 'item'))),
  }
}

function noteIn({ folder }: RunPaths): string {
  return join(folder, 'stack', 'backup.json')
}

function readItem(fields: Fields): BackedUp {
  return {
    service: textOf(fields, 'service'),
    path: textOf(fields, 'path'),
    volume: optional(fields, 'volume', textOf),
    isNamed: flagOf(fields, 'isNamed'),
    isRestored: flagOf(fields, 'isRestored'),
    isFolder: flagOf(fields, 'isFolder'),
    file: textOf(fields, 'file'),
  }
}
