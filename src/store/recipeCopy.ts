import { chmodSync, chownSync, constants, cpSync, fsyncSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RunAs } from '../model/run.ts'
import { opened, syncFolder } from './durable.ts'

/**
 * Keeps a recipe as it is now, flushed. Where stages have a user of their own it is that user's to read, whatever modes and umask say, and
 * nobody else's.
 */
export function copyRecipe(from: string, to: string, runAs: RunAs | null): void {
  cpSync(from, to, { recursive: true, dereference: true, preserveTimestamps: true })
  if (runAs !== null) showTo(runAs.gid, to)
  syncTree(to)
}

const SAME_OWNER = -1

/** Stages run with their user's own group and no other one. */
function showTo(gid: number, path: string): void {
  const stat = statSync(path)
  chownSync(path, SAME_OWNER, gid)
  const isRunnable = stat.isDirectory() || (stat.mode & constants.S_IXUSR) !== 0
  chmodSync(path, isRunnable ? 0o750 : 0o640)
  if (stat.isDirectory()) for (const entry of readdirSync(path)) showTo(gid, join(path, entry))
}

function syncTree(folder: string): void {
  for (const entry of readdirSync(folder)) {
    const path = join(folder, entry)
    if (statSync(path).isDirectory()) syncTree(path)
    else syncFile(path)
  }
  syncFolder(folder)
}

function syncFile(path: string): void {
  using file = opened(path, constants.O_RDONLY)
  fsyncSync(file.value)
}
