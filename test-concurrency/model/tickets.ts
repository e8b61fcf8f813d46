import { ends, type Program } from './claim.ts'
import { type Exploration, explore, type Model, type Step } from './explore.ts'
import {
  at,
  close,
  GONE,
  inodeOf,
  isStillAt,
  NONE,
  openName,
  type Process,
  tryLock,
  type World,
} from './world.ts'

/** src/lock/tickets.ts: a waiter's ticket is made under a dot name, locked, compared, and only then shown under its own. */
export const TICKET_RULES = {
  comparesTicket:
    'who has locked its new ticket compares descriptor and path, and makes another where they differ',
  lockedBeforeShown: 'a ticket that can be seen is locked as long as its waiter lives',
  sweeperCompares: 'who has locked a dead ticket compares, too, before it removes what is at the path',
  sweptUnderLock: 'a dead ticket is removed under the lock that proves it dead',
} as const

export type TicketRules = Readonly<Record<keyof typeof TICKET_RULES, boolean>>
export const ALL_OF_TICKETS: TicketRules = {
  comparesTicket: true,
  lockedBeforeShown: true,
  sweeperCompares: true,
  sweptUnderLock: true,
}

/** Waiters that come in any order and each have a turn, and two sweepers; any of them may be killed. */
export function checkTickets(waiters: number, rules: TicketRules): Exploration {
  return explore(ticketModel(waiters, 2, rules))
}

export function ticketModel(waiters: number, sweepers: number, rules: TicketRules): Model {
  const processes = Array.from(
    { length: waiters },
    (_, id): Process => ({ ...GONE, kind: 'acquirer', at: 'makes', names: [id] }),
  )
  const initial: World = {
    paths: Array.from({ length: waiters * 2 }, () => NONE),
    marks: [],
    locks: [],
    descriptions: [],
    runs: [],
    deployed: [],
    processes: [
      ...processes,
      ...Array.from({ length: sweepers }, (): Process => ({ ...GONE, kind: 'janitor', at: 'sweeps' })),
    ],
    fixed: waiters + sweepers,
    kills: 2,
    fault: '',
  }
  const [waiter, sweeper] = [waiterProgram(rules), sweeperProgram(rules, waiters * 2)]
  return {
    initial,
    steps: (world, pid) => {
      if (pid >= waiters && at(world.processes, pid).at === 'gone') return [reborn]
      return (pid >= waiters ? sweeper : waiter)[at(world.processes, pid).at] ?? []
    },
    law: placesAreKept,
    isSettled: (world) =>
      world.processes.every(({ at: where }) => where === 'gone' || where === 'sweeps') &&
      world.paths.every((path) => path === NONE),
    isMortal: () => true,
  }
}

const reborn: Step = (world, pid) => {
  world.processes[pid] = { ...GONE, kind: 'janitor', at: 'sweeps' }
  return 'comes again'
}

const dotOf = (waiter: number): number => waiter * 2
const placeOf = (waiter: number): number => waiter * 2 + 1
const HAS_LEFT: ReadonlySet<string> = new Set(['ends', 'gone'])
const HAS_PLACE: ReadonlySet<string> = new Set(['looks', 'asks', 'leaves'])

/** A live waiter keeps its place until it leaves. */
function placesAreKept(world: World): string {
  for (const { at: where, names, fds } of world.processes) {
    if (!HAS_PLACE.has(where) || names.length === 0 || fds.length === 0) continue
    const [waiter, fd] = [at(names, 0), at(fds, 0)]
    if (!isStillAt(world, fd, placeOf(waiter)))
      return `the ticket of waiter ${waiter} was removed while it waits`
    if (world.locks[inodeOf(world, fd)] !== fd)
      return `the ticket of waiter ${waiter} is not locked while it waits`
  }
  return ''
}

/** Live waiters before this one whose tickets stand there already: it may not have its turn before they are gone. */
function noteElders(world: World, process: Process): void {
  const elders = world.processes
    .slice(0, at(process.names, 0))
    .map((one, id) => (one.at !== 'gone' && world.paths[placeOf(id)] !== NONE ? 1 << id : 0))
  process.dirty = elders.reduce((set, bit) => set | bit, 0)
}

function waiterProgram(rules: TicketRules): Program {
  const firstPath = (waiter: number): number => (rules.lockedBeforeShown ? dotOf(waiter) : placeOf(waiter))
  const shown = rules.lockedBeforeShown ? 'shows' : 'looks'
  const again = (world: World, process: Process): void => {
    for (const fd of process.fds.splice(0)) close(world, fd)
    process.at = 'makes'
  }
  return {
    makes: [
      (world, pid) => {
        const process = at(world.processes, pid)
        process.fds.push(openName(world, firstPath(at(process.names, 0))))
        process.at = 'locks'
        if (!rules.lockedBeforeShown) noteElders(world, process)
        return 'makes its ticket'
      },
    ],
    locks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        if (tryLock(world, at(process.fds, 0))) process.at = rules.comparesTicket ? 'compares' : shown
        else again(world, process)
        return 'locks its ticket'
      },
    ],
    compares: [
      (world, pid) => {
        const process = at(world.processes, pid)
        if (isStillAt(world, at(process.fds, 0), firstPath(at(process.names, 0)))) process.at = shown
        else again(world, process)
        return 'compares its ticket'
      },
    ],
    shows: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const waiter = at(process.names, 0)
        if (world.paths[dotOf(waiter)] === NONE)
          world.fault = `the ticket of waiter ${waiter} is gone before it is shown`
        world.paths[placeOf(waiter)] = at(world.paths, dotOf(waiter))
        world.paths[dotOf(waiter)] = NONE
        process.at = 'looks'
        noteElders(world, process)
        return 'shows its ticket'
      },
    ],
    looks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        if (process.k === process.names[0] && process.met) {
          Object.assign(process, { k: 0, met: false })
          return 'is not first'
        }
        if (process.k === process.names[0]) {
          const passed = world.processes.findIndex(
            (one, other) => (process.dirty & (1 << other)) !== 0 && !HAS_LEFT.has(one.at),
          )
          if (passed !== NONE)
            world.fault = `waiter ${pid} passes waiter ${passed}, whose ticket it could see`
          process.at = 'leaves'
          return 'is first'
        }
        const inode = at(world.paths, placeOf(process.k))
        if (inode === NONE) return `finds no ticket of waiter ${process.k++}`
        world.descriptions.push({ inode, copies: 1 })
        process.fds.push(world.descriptions.length - 1)
        process.at = 'asks'
        return `opens the ticket of waiter ${process.k}`
      },
    ],
    asks: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const fd = process.fds.pop() ?? NONE
        const isDead =
          tryLock(world, fd) && (!rules.sweeperCompares || isStillAt(world, fd, placeOf(process.k)))
        if (isDead) world.paths[placeOf(process.k)] = NONE
        close(world, fd)
        process.k++
        process.met ||= !isDead
        process.at = 'looks'
        return isDead ? 'removes a dead ticket' : 'finds a live waiter before it'
      },
    ],
    leaves: [
      (world, pid) => {
        const process = at(world.processes, pid)
        world.paths[placeOf(at(process.names, 0))] = NONE
        process.at = 'ends'
        return 'removes its ticket'
      },
    ],
    ends: [ends(0)],
  }
}

function sweeperProgram(rules: TicketRules, paths: number): Program {
  const remove: Step = (world, pid) => {
    const process = at(world.processes, pid)
    world.paths[process.k] = NONE
    for (const fd of process.fds.splice(0)) close(world, fd)
    Object.assign(process, { k: 0, at: 'sweeps' })
    return 'removes it'
  }
  return {
    sweeps: Array.from(
      { length: paths },
      (_, path): Step =>
        (world, pid) => {
          const inode = at(world.paths, path)
          if (inode === NONE) return null
          world.descriptions.push({ inode, copies: 1 })
          Object.assign(at(world.processes, pid), {
            fds: [world.descriptions.length - 1],
            k: path,
            at: 'proves',
          })
          return `opens ticket file ${path}`
        },
    ),
    proves: [
      (world, pid) => {
        const process = at(world.processes, pid)
        const isLocked = tryLock(world, at(process.fds, 0))
        const isDead = isLocked && (!rules.sweeperCompares || isStillAt(world, at(process.fds, 0), process.k))
        if (!isDead || !rules.sweptUnderLock) for (const fd of process.fds.splice(0)) close(world, fd)
        Object.assign(process, isDead ? { at: 'removes' } : { at: 'sweeps', k: 0 })
        return isDead ? 'finds it dead' : 'finds it live'
      },
    ],
    removes: [remove],
  }
}
