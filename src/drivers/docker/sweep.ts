import { setTimeout as pause } from 'node:timers/promises'
import { messageOf } from '../../errors.ts'
import {
  type EngineObject,
  OBJECT_KINDS,
  type ObjectKind,
  ownerIn,
  type Scope,
  stacksOf,
  standsAlone,
} from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'
import { listObjects } from './objects.ts'
import { openTakingDown, type TakeDownWish, type TakingDown } from './takeDown.ts'

export interface SweepWish extends TakeDownWish {
  /** Goes on every object of this harness's. */
  readonly instance: string
  /** The looks are shared: a hundred stacks cost no more of them than one. */
  readonly scopes: readonly Scope[]
  /**
   * `lost`: a client of ours was killed, or lost its connection. The engine finishes what a dead client asked for, in its own time, so that
   * one empty look proves nothing.
   */
  readonly clients: 'ended' | 'lost'
  readonly budgetMs: number
  /** What is looked for; none = all kinds, and the engine must be a swarm's manager. */
  readonly kinds?: readonly ObjectKind[]
  /** Ends it before its time; what it has begun may come all the same. */
  readonly signal?: AbortSignal
  /** Hears what is there, whenever that changes. */
  readonly say?: (text: string) => void
}

export interface Swept {
  readonly scope: Scope
  /** The engine has shown that nothing of ours is there. */
  readonly verified: boolean
  /** How many objects there were to be taken down; what goes with a service does not count. */
  readonly removed: number
  /** The last looks, in a row, that found nothing, of how many that were wanted, and the time from the first of them to the last. */
  readonly empty: { readonly looks: number; readonly wanted: number; readonly overMs: number }
  /** What is left, named, with the engine's reason. */
  readonly left: readonly string[]
  /** What stands at the stack's name and is not ours: never touched. */
  readonly foreign: readonly string[]
}

export interface SweepReport {
  readonly sweeps: readonly Swept[]
  readonly looks: number
  readonly tookMs: number
}

/** Empty looks in a row, the first and the last of them so far apart, until nothing is left. */
const PROOF = { ended: { looks: 1, ms: 0 }, lost: { looks: 5, ms: 10_000 } } as const
const BETWEEN_EMPTY_LOOKS_MS = 2500
const WHILE_UNANSWERED_MS = 1000
const AT_A_TIME = 8

/**
 * Takes down what is ours: services, what runs of them, networks, volumes, configs, secrets. Idempotent; never throws for what the engine
 * says or does not say: what is left is named.
 */
export async function sweep(engine: Engine, wish: SweepWish): Promise<SweepReport> {
  const startedAt = performance.now()
  const isOver = () => performance.now() - startedAt >= wish.budgetMs || wish.signal?.aborted === true
  const works = wish.scopes.map((scope) => newWork(scope, openTakingDown(engine, wish)))
  const tell = tellChanges(wish.say)
  let looks = 0
  let unanswered: string | null = null
  for (let pauseMs = 0; works.some((work) => !isProved(work, wish)) && !isOver(); ) {
    await pause(pauseMs, undefined, { signal: wish.signal }).catch(() => undefined)
    looks += 1
    try {
      note(works, wish.instance, await listObjects(engine, wish.instance, wish.kinds))
      unanswered = null
      tell(thereWords(works, wish))
      pauseMs = await goOn(works)
    } catch (error) {
      // The engine's silence shows nothing, and ends what the looks before it have shown together.
      for (const work of works) work.empty = 0
      unanswered = messageOf(error)
      tell(unanswered)
      pauseMs = WHILE_UNANSWERED_MS
    }
  }
  return {
    sweeps: works.map((work) => reportOf(work, wish, unanswered)),
    looks,
    tookMs: Math.round(performance.now() - startedAt),
  }
}

/**
 * What stands at the names, ours or not, before anything is put there.
 * @throws EngineError
 */
export async function findAt(
  engine: Engine,
  instance: string,
  scope: Scope,
  kinds?: readonly ObjectKind[],
): Promise<{ readonly ours: readonly string[]; readonly foreign: readonly string[] }> {
  const work = newWork(scope, null)
  note([work], instance, await listObjects(engine, instance, kinds))
  return { ours: work.ours.map(nameOf), foreign: work.foreign.map(nameOf) }
}

/** What the looks have shown of one scope. */
interface Work {
  readonly scope: Scope
  /** Null = it is only looked at. */
  readonly takingDown: TakingDown | null
  ours: readonly EngineObject[]
  foreign: readonly EngineObject[]
  /** Everything of ours that was ever seen there, but what goes with a service. */
  readonly seen: Set<string>
  /** Empty looks in a row, the moment of the first of them, and that of the last. */
  empty: number
  firstAt: number
  lastAt: number
}

function newWork(scope: Scope, takingDown: TakingDown | null): Work {
  return { scope, takingDown, ours: [], foreign: [], seen: new Set(), empty: 0, firstAt: 0, lastAt: 0 }
}

function note(works: readonly Work[], instance: string, objects: readonly EngineObject[]): void {
  const stacks = stacksOf(objects)
  for (const work of works) {
    const owned = (owner: 'ours' | 'foreign') =>
      objects.filter((object) => ownerIn(work.scope, instance, object, stacks) === owner)
    work.ours = owned('ours')
    work.foreign = owned('foreign')
    for (const object of work.ours) if (standsAlone(object)) work.seen.add(object.id)
    work.lastAt = performance.now()
    if (work.empty === 0) work.firstAt = work.lastAt
    work.empty = work.ours.length === 0 ? work.empty + 1 : 0
  }
}

/** A few at a time, the engine has other work; one that is stuck holds up no other. */
async function goOn(works: readonly Work[]): Promise<number> {
  let pauseMs = BETWEEN_EMPTY_LOOKS_MS
  const rest = works.filter(({ ours }) => ours.length > 0).values()
  const worker = async (): Promise<void> => {
    for (const { takingDown, ours } of rest) {
      pauseMs = Math.min(pauseMs, (await takingDown?.goOn(ours)) ?? pauseMs)
    }
  }
  await Promise.all(Array.from({ length: AT_A_TIME }, worker))
  return pauseMs
}

function isProved(work: Work, { clients }: SweepWish): boolean {
  return work.empty >= PROOF[clients].looks && emptyMs(work) >= PROOF[clients].ms
}

/** From the first of the last empty looks to the last. */
function emptyMs({ empty, firstAt, lastAt }: Work): number {
  return empty === 0 ? 0 : Math.round(lastAt - firstAt)
}

function tellChanges(say: SweepWish['say']): (text: string) => void {
  let said = ''
  return (text) => {
    if (text !== said) say?.(text)
    said = text
  }
}

/** Such as `there: 2 services, 3 tasks`. */
function thereWords(works: readonly Work[], { clients }: SweepWish): string {
  const there = works.flatMap(({ ours }) => ours)
  const counts = OBJECT_KINDS.flatMap((kind) => {
    const { length } = there.filter((object) => object.kind === kind)
    return length === 0 ? [] : [`${length} ${kind}${length === 1 ? '' : 's'}`]
  })
  if (counts.length > 0) return `there: ${counts.join(', ')}`
  const looks = Math.min(...works.map(({ empty }) => empty))
  return `there: nothing (look ${looks} of ${PROOF[clients].looks})`
}

function reportOf(work: Work, wish: SweepWish, unanswered: string | null): Swept {
  const verified = isProved(work, wish)
  const named = work.ours.map((object) =>
    withReason(nameOf(object), work.takingDown?.reasonFor(object) ?? null),
  )
  const unshown = `${work.scope.stack ?? work.scope.run}: nothing shows that all is gone (${work.empty} of ${PROOF[wish.clients].looks} empty looks)`
  const left = [...named, ...(unanswered === null ? [] : [unanswered])]
  return {
    scope: work.scope,
    verified,
    empty: { looks: work.empty, wanted: PROOF[wish.clients].looks, overMs: emptyMs(work) },
    removed: work.seen.size - work.ours.filter(({ id }) => work.seen.has(id)).length,
    left: verified ? [] : left.length > 0 ? left : [unshown],
    foreign: work.foreign.map(nameOf),
  }
}

function nameOf({ kind, name }: EngineObject): string {
  return `${kind} ${name}`
}

function withReason(text: string, reason: string | null): string {
  return reason === null ? text : `${text} (${reason})`
}
