import { type Actor, actorOf, type Commands, castOf, nameOfLock, type Setting } from './cast.ts'
import { claimTeller } from './claimDeeds.ts'
import { type Deed, type Teller, teller } from './deeds.ts'
import { adopt, noLocks, tellLock } from './lockDeeds.ts'
import { conductorTeller } from './runDeeds.ts'
import { isFork, type Life, type Trace } from './strace.ts'
import { type Use, uses } from './tables.ts'

/** What happened, by actor, each in its own order. */
export interface Story {
  readonly cast: ReadonlyMap<number, Actor>
  readonly deeds: ReadonlyMap<number, readonly Deed[]>
}

interface Speaker {
  readonly own: Teller
  readonly tell: (use: Use) => void
}

/** Tells a trace in the words of the model. */
export function storyOf(trace: Trace, setting: Setting, commands: Commands): Story {
  const cast = castOf(trace, setting, commands)
  const speakers = new Map([...cast.values()].map((actor) => [actor.pid, speakerOf(actor, setting)]))
  const launches = new Map<number, Deed>()
  const followed = uses(trace)
  for (const use of followed) {
    const actor = actorOf(use.pid, cast, trace.lives)
    const speaker = speakers.get(actor?.pid ?? -1)
    if (actor === null || speaker === undefined) continue
    if (use.pid === actor.pid || actor.kind === 'conductor') speaker.tell(use)
    tellBirth(use, cast, speaker.own, launches)
    tellExec(use, setting, cast, speaker.own, launches)
  }
  for (const [pid, { own }] of speakers) tellEnd(own, trace.lives.get(pid)?.end ?? null)
  waitForChildren(followed, trace, cast, speakers)
  return { cast, deeds: new Map([...speakers].map(([pid, { own }]) => [pid, own.deeds])) }
}

function speakerOf(actor: Actor, setting: Setting): Speaker {
  const own = teller(actor)
  if (actor.kind === 'wrapper') return { own, tell: wrapperTeller(setting, own) }
  return { own, tell: actor.kind === 'conductor' ? conductorTeller(setting, own) : claimTeller(setting, own) }
}

/** Its shell does nothing to the locks but keep them. */
function wrapperTeller(setting: Setting, own: Teller): (use: Use) => void {
  const locks = noLocks()
  return (use) => {
    if (use.name === 'execve' && use.result === 0) adopt(locks, setting, use.has)
    tellLock(use, setting, locks, own)
  }
}

function tellBirth(
  use: Use,
  cast: ReadonlyMap<number, Actor>,
  own: Teller,
  launches: Map<number, Deed>,
): void {
  const child = isFork(use) ? cast.get(use.result) : undefined
  if (child === undefined) return
  const what = child.kind === 'wrapper' ? 'launches the wrapper' : 'starts the run process'
  const deed = own.tell(`${what} of run ${child.run} `, use)
  deed.child = child.pid
  launches.set(child.pid, deed)
}

/** What a program has after its exec, it keeps: locks are for wrappers and run processes only. */
function tellExec(
  use: Use,
  setting: Setting,
  cast: ReadonlyMap<number, Actor>,
  own: Teller,
  launches: Map<number, Deed>,
): void {
  if (use.name !== 'execve' || use.result !== 0) return
  const names = [...use.has.values()].map(({ path }) => nameOfLock(setting, path)).filter((name) => name >= 0)
  const launch = launches.get(use.pid)
  if (launch !== undefined) {
    launch.gives = [...new Set(names)].sort()
    launches.delete(use.pid)
  } else if (!cast.has(use.pid) && names.length > 0)
    own.tell(`lets a program have the lock of name ${names}$`, use)
}

export function tellEnd({ actor, deeds }: Teller, end: Life['end']): void {
  if (end === null) return
  const { from, to, signal } = end
  const call = signal === null ? 'exit' : `killed by ${signal}`
  deeds.push({ pid: actor.pid, says: /^/, isEnd: true, signal, gives: null, child: null, from, to, call })
}

/** A child has all that its parent has until it calls exec: so long what the parent gives up is not free. */
function waitForChildren(
  followed: readonly Use[],
  { lives }: Trace,
  cast: ReadonlyMap<number, Actor>,
  speakers: ReadonlyMap<number, Speaker>,
): void {
  for (const fork of followed.filter((use) => isFork(use) && use.has.size > 0 && !cast.has(use.result))) {
    const exec = followed.find(
      ({ pid, name, result }) => pid === fork.result && name === 'execve' && result === 0,
    )
    const until = exec?.to ?? lives.get(fork.result)?.end?.to ?? fork.to
    for (const deed of speakers.get(fork.pid)?.own.deeds ?? [])
      if (GIVES_UP.test(deed.says.source) || deed.isEnd)
        if (deed.to > fork.from && deed.to < until) deed.to = until
  }
}

const GIVES_UP = /closes|locked|could not|meets/
