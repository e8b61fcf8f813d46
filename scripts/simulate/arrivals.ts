import type { NewRun } from '../../src/model/ports.ts'
import { makeRandom } from '../../test-concurrency/fuzz/random.ts'

/** What the simulated world is made of; times in milliseconds. */
export interface Plan {
  readonly seed: number
  readonly runs: number
  readonly slots: number
}

/** A run that somebody will ask for. */
export interface Arrival {
  readonly atMs: number
  readonly run: NewRun
  readonly lastsMs: number
}

/** Somebody takes a name by hand, as `berth run` or `locks hold` does. */
export interface ForeignHold {
  readonly atMs: number
  readonly name: string
  readonly lastsMs: number
}

/** Who asks how much: one repository floods, some are busy, some ask now and then, one goes first and one last. */
const REPOSITORIES = [
  { id: 'flood', share: 50, pullRequests: 40, priority: 0 },
  { id: 'busy-1', share: 12, pullRequests: 6, priority: 0 },
  { id: 'busy-2', share: 12, pullRequests: 6, priority: 0 },
  { id: 'rare-1', share: 5, pullRequests: 2, priority: 0 },
  { id: 'rare-2', share: 5, pullRequests: 2, priority: 0 },
  { id: 'first', share: 10, pullRequests: 4, priority: 10 },
  { id: 'last', share: 6, pullRequests: 3, priority: -10 },
] as const
const RECIPES = ['hello', 'stack']
const MINUTE_MS = 60_000

/** Comments come in bursts with pauses between them; a tenth of the runs want a resource that others want, too. */
export function arrivalsOf({ seed, runs, slots }: Plan): readonly Arrival[] {
  const dice = makeRandom(seed).next
  const meanMs = (3 * MINUTE_MS) / slots
  let atMs = Date.UTC(2026, 0, 1)
  return Array.from({ length: runs }, (_, index) => {
    const isBurst = dice() < 0.6
    atMs += isBurst ? Math.floor(dice() * 500) : Math.floor(-Math.log(1 - dice()) * 2 * meanMs)
    const lastsMs = Math.floor(20_000 + -Math.log(1 - dice()) * 2 * MINUTE_MS)
    return { atMs, run: aRun(index, atMs, dice), lastsMs }
  })
}

export function holdsOf({ seed }: Plan, arrivals: readonly Arrival[]): readonly ForeignHold[] {
  const dice = makeRandom(seed + 1).next
  return arrivals
    .filter(() => dice() < 0.05)
    .map(({ atMs, run }) => ({
      atMs: atMs - Math.floor(dice() * MINUTE_MS),
      name: run.domain,
      lastsMs: Math.floor(dice() * 5 * MINUTE_MS),
    }))
}

function aRun(index: number, enqueuedAtMs: number, dice: () => number): NewRun {
  const { id: name, pullRequests, priority } = repositoryAt(dice())
  const pr = 1 + Math.floor(dice() * pullRequests)
  const recipe = RECIPES[Math.floor(dice() * RECIPES.length)] ?? ''
  const domain = `${name}-${recipe}-pr${pr}.ci.test`
  const resources = dice() < 0.1 ? [`r:port-${Math.floor(dice() * 2)}`] : []
  return {
    id: String(index).padStart(8, '0'),
    priority,
    enqueuedAtMs,
    repository: `acme/${name}`,
    repositoryId: name,
    installationId: 7,
    cloneUrl: `https://github.test/acme/${name}.git`,
    pr,
    sha: '0123456789abcdef0123456789abcdef01234567',
    pinnedAtMs: enqueuedAtMs,
    ref: `refs/pull/${pr}/head`,
    fork: false,
    recipe,
    arguments: {},
    keepMs: 0,
    domain,
    names: [domain, ...resources].toSorted(),
    actor: 'octocat',
    commentId: null,
  }
}

function repositoryAt(share: number): (typeof REPOSITORIES)[number] {
  let left = share * REPOSITORIES.reduce((sum, one) => sum + one.share, 0)
  for (const one of REPOSITORIES) {
    left -= one.share
    if (left < 0) return one
  }
  return REPOSITORIES[0]
}
