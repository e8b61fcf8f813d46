import { type Actor, actorOf, type Commands, castOf, nameOfLock, runOf, type Setting } from './cast.ts'
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
  const speakers = new Map([...cast.values()].map((actor) => [actor.pid, speakerOf(actor, setting, cast)]))
  const launches = new Map<number, Deed>()
  const waiting = new Map<number, Waiting>()
  const followed = uses(trace)
  for (const use of followed) {
    const actor = actorOf(use.pid, cast, trace.lives)
    const speaker = speakers.get(actor?.pid ?? -1)
    if (actor === null || speaker === undefined) continue
    if (use.pid === actor.pid || actor.kind === 'conductor') speaker.tell(use)
    const warm = isFork(use) ? cast.get(use.result) : undefined
    if (warm?.kind === 'conductor' && warm.warm)
      waiting.set(warm.pid, { wrapper: speaker.own, run: warm.run, gives: null })
    else tellBirth(use, cast, speaker.own, launches)
    tellBeginning(use, setting, waiting)
    tellExec(use, setting, cast, speaker.own, launches)
  }
  for (const [pid, { own }] of speakers) tellEnd(own, trace.lives.get(pid)?.end ?? null)
  waitForChildren(followed, trace, cast, speakers)
  return { cast, deeds: new Map([...speakers].map(([pid, { own }]) => [pid, own.deeds])) }
}

/** A run process that was started ahead. For the model it is there once it has begun: until then it and its wrapper are one. */
interface Waiting {
  readonly wrapper: Teller
  readonly run: number
  /** Names whose locks it has after its exec. */
  gives: readonly number[] | null
}

/** It has had its `go` when it opens its run's journal. */
function tellBeginning(use: Use, setting: Setting, waiting: Map<number, Waiting>): void {
  const warm = waiting.get(use.pid)
  if (warm === undefined) return
  if (use.name === 'execve' && use.result === 0) warm.gives = namesIn(use, setting)
  if (use.name !== 'openat' || runOf(setting, use.on?.path ?? '', 'journal.ndjson') < 0) return
  waiting.delete(use.pid)
  const deed = warm.wrapper.tell(`starts the run process of run ${warm.run} `, use)
  Object.assign(deed, { child: use.pid, gives: warm.gives })
}

function namesIn({ has }: Use, setting: Setting): readonly number[] {
  const names = [...has.values()].map(({ path }) => nameOfLock(setting, path)).filter((name) => name >= 0)
  return [...new Set(names)].sort()
}

function speakerOf(actor: Actor, setting: Setting, cast: ReadonlyMap<number, Actor>): Speaker {
  const own = teller(actor)
  if (actor.kind === 'wrapper') return { own, tell: wrapperTeller(setting, own) }
  if (actor.kind === 'conductor') return { own, tell: conductorTeller(setting, own) }
  return { own, tell: claimTeller(setting, own, (pid) => cast.get(pid)?.warm === true) }
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
  const deed = child.warm
    ? own.tell(`starts the wrapper of run ${child.run} ahead$`, use)
    : own.tell(`${what} of run ${child.run} `, use)
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
  const names = namesIn(use, setting)
  const launch = launches.get(use.pid)
  if (launch !== undefined) {
    launch.gives = names
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
