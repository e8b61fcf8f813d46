import { messageOf } from '../errors.ts'
import type { EngineLook, Leftover } from '../model/leftovers.ts'
import { type Finding, finding } from './finding.ts'
import type { EngineWorld, LockedName, TakenDown } from './leftoversPorts.ts'

/** Each has a descriptor while it is taken down. */
const MOST_AT_ONCE = 500
/** Named in one line. */
const MOST_NAMED = 8

/**
 * Takes down what carries our label on the engine and whose domain nobody has, all of it in one sweep of the engine. What a run's own recovery is to
 * take down is left to that: it comes before.
 */
export async function cleanEngine(world: EngineWorld, dryRun: boolean): Promise<readonly Finding[]> {
  const look = await world.look()
  if (look === null) return []
  const cleaned = dryRun
    ? look.leftovers.flatMap((leftover) => wouldClean(world, leftover))
    : await takeDownAll(world, look.leftovers)
  return [...cleaned, ...strange(look)]
}

/** What nobody here may touch. */
function strange({ astray, foreign }: EngineLook): readonly Finding[] {
  const lost = astray.map((object) =>
    finding('stack', object, 'left', 'it has our label and no domain that could be one; remove it by hand'),
  )
  const others = foreign.map(({ domain, objects }) =>
    finding(
      'stack',
      domain,
      'untouched',
      `not ours, and in the way of a run there: ${listed(objects)}; one of the two needs another name`,
    ),
  )
  return [...lost, ...others]
}

function wouldClean(world: EngineWorld, leftover: Leftover): readonly Finding[] {
  const { domain } = leftover
  if (!world.mayTouch(domain)) return [notOurs(leftover)]
  const found = world.peek(domain)
  if (found.kind !== 'free') return notTaken(leftover, found)
  return conducted(world, leftover) ?? [finding('stack', domain, 'would clean', whatItIs(leftover))]
}

interface Taken {
  readonly leftover: Leftover
  readonly lock: Extract<LockedName, { kind: 'held' }>
}

async function takeDownAll(world: EngineWorld, leftovers: readonly Leftover[]): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  const taken: Taken[] = []
  try {
    for (const leftover of leftovers) {
      const lock = taken.length < MOST_AT_ONCE ? lockOf(world, leftover) : [tooMany(leftover)]
      if ('kind' in lock) taken.push({ leftover, lock })
      else findings.push(...lock)
    }
    if (taken.length > 0) findings.push(...(await takeDown(world, taken)))
  } finally {
    for (const { lock } of taken) lock.letGo()
  }
  return findings
}

/** Its lock, or what is to be said of one that nobody may have now. */
function lockOf(world: EngineWorld, leftover: Leftover): Taken['lock'] | readonly Finding[] {
  const { domain } = leftover
  if (!world.mayTouch(domain)) return [notOurs(leftover)]
  try {
    const lock = world.lock(domain)
    if (lock.kind !== 'held') return notTaken(leftover, lock)
    const kept = conducted(world, leftover)
    if (kept !== null) lock.letGo()
    return kept ?? lock
  } catch (error) {
    return [finding('stack', domain, 'left', messageOf(error))]
  }
}

function tooMany({ domain }: Leftover): Finding {
  return finding(
    'stack',
    domain,
    'left',
    `a sweep takes down ${MOST_AT_ONCE} at a time; the next one goes on`,
  )
}

function notOurs({ domain, runs }: Leftover): Finding {
  return finding('stack', domain, 'untouched', `no run domain of this configuration (run ${runs.join(', ')})`)
}

/** Its lock is free and it lives: the state folder was replaced under it, or is another one. It takes down its own. */
function conducted(world: EngineWorld, { domain, runs }: Leftover): readonly Finding[] | null {
  const [live] = runs.flatMap((run) => world.conductorOf(run) ?? [])
  return live === undefined ? null : [finding('stack', domain, 'untouched', live)]
}

/** A run that is conducted, or to be recovered, has a line of its own. */
function notTaken(
  { domain, runs }: Leftover,
  found: Exclude<LockedName, { kind: 'held' }>,
): readonly Finding[] {
  if (found.kind === 'dirty' || (found.by !== null && runs.includes(found.by))) return []
  const by = found.by === null ? 'somebody' : `run ${found.by}`
  return [finding('stack', domain, 'untouched', `held by ${by}`)]
}

async function takeDown(world: EngineWorld, taken: readonly Taken[]): Promise<readonly Finding[]> {
  const ends = await world.takeDown(taken.map(({ leftover }) => leftover))
  return taken.flatMap(({ leftover }) => {
    const end = ends.get(leftover.domain)
    return end === undefined ? [] : endOf(leftover, end)
  })
}

/** Whoever had the lock at the look may have taken it down before we had it. */
function endOf(leftover: Leftover, { removed, left }: TakenDown): readonly Finding[] {
  const { domain } = leftover
  if (left.length > 0) return [finding('stack', domain, 'left', listed(left))]
  return removed === 0 ? [] : [finding('stack', domain, 'cleaned', whatItIs(leftover))]
}

function whatItIs({ runs, objects }: Leftover): string {
  const what = objects.length === 0 ? 'containers' : listed(objects)
  return `left on the engine by run ${runs.join(', ') || 'unknown'}: ${what}`
}

function listed(objects: readonly string[]): string {
  const more = objects.length > MOST_NAMED ? ` and ${objects.length - MOST_NAMED} more` : ''
  return `${objects.slice(0, MOST_NAMED).join(', ')}${more}`
}
