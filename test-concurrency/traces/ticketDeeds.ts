import { basename, dirname, join } from 'node:path'
import { type Actor, type Commands, castOf, type Setting } from './cast.ts'
import { type Teller, teller } from './deeds.ts'
import { isStat } from './lockDeeds.ts'
import { type Story, tellEnd } from './story.ts'
import type { Trace } from './strace.ts'
import { pathsIn, type Use, uses } from './tables.ts'

/** What happened to the tickets of the first name, in the words of the model of the tickets. */
export interface TicketStory extends Story {
  /** In the order of their tickets: everybody who takes names waits for them, if only for a moment. */
  readonly waiters: readonly number[]
}

export function storyOfTickets(trace: Trace, setting: Setting, commands: Commands): TicketStory {
  const cast = castOf(trace, setting, commands)
  const folder = join(setting.state, 'tickets', setting.names[0] ?? '')
  const own = uses(trace).filter(({ pid }) => HAS_TICKETS.has(cast.get(pid)?.kind ?? 'conductor'))
  const made = own.flatMap(({ pid, name, on }) =>
    name === 'openat' && on !== null && isIn(folder, on.path) && on.flags.includes('O_CREAT')
      ? [{ pid, id: idOf(on.path) }]
      : [],
  )
  const ids = [...new Set(made.map(({ id }) => id))].sort()
  const waiters = ids.map((id) => made.find((one) => one.id === id)?.pid ?? -1)
  const speakers = new Map<number, { readonly own: Teller; readonly tell: (use: Use) => void }>()
  for (const actor of cast.values()) {
    if (!HAS_TICKETS.has(actor.kind)) continue
    const speaker = teller(actor)
    speakers.set(actor.pid, {
      own: speaker,
      tell: ticketTeller(speaker, folder, ids, waiters.indexOf(actor.pid)),
    })
  }
  for (const use of own) speakers.get(use.pid)?.tell(use)
  for (const [pid, speaker] of speakers) tellEnd(speaker.own, trace.lives.get(pid)?.end ?? null)
  return {
    cast,
    deeds: new Map(
      [...speakers].map(
        ([
          pid,
          {
            own: { deeds },
          },
        ]) => [pid, deeds],
      ),
    ),
    waiters,
  }
}

const HAS_TICKETS: ReadonlySet<Actor['kind']> = new Set(['starter', 'acquirer', 'janitor'])

function isIn(folder: string, path: string): boolean {
  return dirname(path) === folder
}

/** A new ticket has a dot before its id. */
function idOf(path: string): string {
  return basename(path).replace(/^\./, '')
}

function ticketTeller(
  own: Teller,
  folder: string,
  ids: readonly string[],
  waiter: number,
): (use: Use) => void {
  const [tellOwn, tellOther] = [ownTeller(own), otherTeller(own, ids)]
  return (use) => {
    const path = pathsIn(use)[0] ?? ''
    const file = [use.on?.path ?? '', path].find((one) => isIn(folder, one))
    if (file === undefined) return
    if (waiter >= 0 && idOf(file) === ids[waiter]) tellOwn(use, path)
    else tellOther(use, file)
  }
}

/** A sweeper may be at the new file before it is locked: then it is made again. */
function ownTeller(own: Teller): (use: Use, path: string) => void {
  let isLost = false
  return (use, path) => {
    if (use.name === 'openat') own.tell('makes its ticket$', use)
    else if (use.name === 'flock') own.tell('locks its ticket$', use)
    else if (isStat(use) && path !== '') own.tell('compares its ticket$', use)
    else if (use.name === 'rename') own.tell('shows its ticket$', use)
    else if (use.name === 'unlink' && use.result === 0) own.tell('removes its ticket$', use)
    else if (use.name === 'close' && isLost) own.stretch(use)
    else if (use.name === 'close') own.tell('ends with 0$', use)
    isLost = use.name === 'close' ? false : isLost || (use.result !== 0 && LOSES.has(use.name))
  }
}

const LOSES: ReadonlySet<string> = new Set(['flock', 'statx', 'stat'])

/** Another one's ticket: it is live, or it is removed under its own lock. */
function otherTeller(own: Teller, ids: readonly string[]): (use: Use, file: string) => void {
  const isSweeper = own.actor.kind === 'janitor'
  let locked: Use | null = null
  let compared = false
  return (use, file) => {
    const waiter = ids.indexOf(idOf(file))
    const place = basename(file).startsWith('.') ? 2 * waiter : 2 * waiter + 1
    if (use.name === 'openat' && use.on !== null && use.on.flags.includes('O_RDWR')) {
      compared = false
      own.tell(isSweeper ? `opens ticket file ${place}$` : `opens the ticket of waiter ${waiter}$`, use)
    } else if (use.name === 'flock' && use.result === 0) locked = use
    else if (use.name === 'flock') own.tell(LIVE, use)
    else if (isStat(use) && use.on === null && locked !== null) compared = true
    else if (use.name === 'unlink') {
      const how = locked === null ? 'unlocked' : compared ? 'dead' : 'unseen'
      own.tell(isSweeper ? `finds it ${how}$` : `removes a ${how} ticket$`, use, locked ?? use)
      if (isSweeper) own.tell('removes it$', use)
      locked = null
    } else if (use.name === 'close' && locked !== null) {
      own.tell(LIVE, use, locked)
      locked = null
    } else if (use.name === 'close') own.stretch(use)
  }
}

const LIVE = /^finds (it live|a live waiter before it)$/
