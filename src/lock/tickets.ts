import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  writeSync,
} from 'node:fs'
import { join } from 'node:path'
import { codeOf } from '../errors.ts'
import type { Name } from '../model/names.ts'
import { readIfThere, removeIfThere } from '../store/durable.ts'
import { entriesOf, pathOfName, type StatePaths } from '../store/stateFolder.ts'
import { isStillAt, lockExclusively } from './lockFile.ts'
import { tryFlock } from './syscalls.ts'

/** A waiter's place at each of its names; one id for all of them, so that no two waiters can each be first where the other waits. */
export interface Ticket {
  readonly id: string
  readonly names: readonly Name[]
  readonly fds: readonly number[]
}

/**
 * Takes a place behind everybody who waits already. The order is the monotonic clock, which all processes of one boot share and no
 * clock change touches. A ticket is made under a dot name, locked, then renamed: one that can be seen is locked while its waiter lives.
 * @param what who waits, for people
 */
export function takeTicket(paths: StatePaths, names: readonly Name[], what: string): Ticket {
  const id = `${String(process.hrtime.bigint()).padStart(20, '0')}-${process.pid}`
  const fds: number[] = []
  try {
    for (const name of names) fds.push(makeLocked(folderOf(paths, name), id, what))
    for (const name of names)
      renameSync(join(folderOf(paths, name), `.${id}`), join(folderOf(paths, name), id))
  } catch (error) {
    dropTicket(paths, { id, names, fds })
    throw error
  }
  return { id, names, fds }
}

/** Is no live waiter ahead of this ticket on any of its names. Dead tickets met on the way are removed. */
export function isFirst(paths: StatePaths, ticket: Ticket): boolean {
  return ticket.names.every((name) => liveTickets(paths, name, ticket.id).length === 0)
}

/** Does anybody wait for the name. */
export function hasWaiters(paths: StatePaths, name: Name): boolean {
  return liveTickets(paths, name, null).length > 0
}

/**
 * Gives the place up: removed first, unlocked by closing after, so that no one meets it free and named. What cannot be removed (some
 * filesystems want room for that) is free all the same: a dead ticket, which whoever meets it removes. Never throws: whoever drops it may
 * hold the names by now.
 */
export function dropTicket(paths: StatePaths, ticket: Ticket): void {
  for (const name of ticket.names)
    for (const entry of [ticket.id, `.${ticket.id}`]) tryToRemove(join(folderOf(paths, name), entry))
  for (const fd of ticket.fds) closeSync(fd)
}

function tryToRemove(path: string): void {
  try {
    removeIfThere(path)
  } catch {
    return
  }
}

/** Who waits for a name, in order, as their tickets say; takes no lock, so a dead waiter may still be listed. */
export function peekTickets(
  paths: StatePaths,
  name: Name,
): readonly { readonly id: string; readonly what: string }[] {
  const folder = folderOf(paths, name)
  return ticketIds(folder).flatMap((id) => {
    const what = readIfThere(join(folder, id))
    return what === null ? [] : [{ id, what }]
  })
}

/** Names that somebody has, or had, a ticket for. */
export function namesWithTickets(paths: StatePaths): readonly Name[] {
  const resources = entriesOf(join(paths.tickets, 'r:')).map((word) => `r:${word}`)
  return [...entriesOf(paths.tickets).filter((name) => name !== 'r:'), ...resources]
}

function liveTickets(paths: StatePaths, name: Name, before: string | null): readonly string[] {
  const folder = folderOf(paths, name)
  return ticketIds(folder).filter((id) => (before === null || id < before) && isLive(join(folder, id)))
}

/**
 * A ticket whose lock can be had has lost its waiter; it is removed under that same lock, if it is still the file at the path: between
 * our open and our lock another sweeper may have removed it, and its waiter may have made it again.
 */
function isLive(path: string): boolean {
  let fd: number
  try {
    fd = openSync(path, constants.O_RDWR)
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false
    throw error
  }
  try {
    if (!tryFlock(fd)) return true
    if (!isStillAt(fd, path)) return existsSync(path)
    tryToRemove(path)
    return false
  } finally {
    closeSync(fd)
  }
}

/** A sweeper may meet the new file before it is locked, and remove it: then it is made again. */
function makeLocked(folder: string, id: string, what: string): number {
  for (;;) {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const fd = lockIfFolderStands(join(folder, `.${id}`))
    if (fd === null) continue
    say(fd, what)
    return fd
  }
}

/** The text is for people only: a full disk must not cost a waiter its place. */
function say(fd: number, what: string): void {
  try {
    writeSync(fd, what)
  } catch {
    return
  }
}

function lockIfFolderStands(path: string): number | null {
  try {
    return lockExclusively(path)
  } catch (error) {
    if (error instanceof Error && codeOf(error.cause) === 'ENOENT') return null
    throw error
  }
}

function ticketIds(folder: string): readonly string[] {
  return entriesOf(folder).filter((id) => !id.startsWith('.'))
}

function folderOf(paths: StatePaths, name: Name): string {
  return join(paths.tickets, pathOfName(name))
}

/** Removes tickets, dot names included, whose waiters are dead, and folders that hold none any more. */
export function sweepTickets(paths: StatePaths): void {
  for (const name of namesWithTickets(paths)) {
    const folder = folderOf(paths, name)
    for (const id of entriesOf(folder)) isLive(join(folder, id))
    removeIfEmpty(folder)
  }
}

/** A waiter that comes meanwhile makes its folder again. */
function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder)
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT', 'EEXIST'].includes(codeOf(error) ?? '')) throw error
  }
}
