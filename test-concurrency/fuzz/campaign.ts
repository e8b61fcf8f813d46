import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { killIfAlive } from '../fixtures/kernel.ts'
import { makeRepository } from '../fixtures/world.ts'
import { type Histogram, makeHistogram, nameOf } from './cells.ts'
import { type Form, type Plan, planOf, SHORT } from './plan.ts'
import { type Outcome, playRound } from './round.ts'
import { livingOf } from './sight.ts'

export interface Campaign {
  readonly seed: number
  readonly form: Form
  /** Rounds at a time. */
  readonly lanes: number
  /** Is that enough, after so many rounds. */
  readonly isEnough: (rounds: number, histogram: Histogram) => boolean
  readonly say: (text: string) => void
}

export interface Tally {
  readonly rounds: number
  readonly failures: readonly string[]
  readonly histogram: Histogram
}

/** Plays rounds until it is enough. A failed round is told and kept, and the others go on. */
export async function fuzz({ seed, form, lanes, isEnough, say }: Campaign): Promise<Tally> {
  using repository = makeRepositoryForAll()
  const histogram = makeHistogram(form.grain)
  const failures: string[] = []
  let [next, rounds] = [0, 0]
  const lane = async () => {
    while (!isEnough(rounds, histogram)) {
      const plan = planOf(seed, next, form)
      next += 1
      const outcome = await playRound(plan, repository.path)
      for (const cell of outcome.hits) histogram.hit(cell)
      rounds += 1
      const failure = failureOf(plan, form, outcome)
      if (failure !== null) {
        failures.push(failure)
        say(failure)
      }
      end(outcome)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { rounds, failures, histogram }
}

/** Plays one round again; gives what came of it, and what is wrong with that. */
export async function replay(
  seed: number,
  round: number,
  form: Form,
): Promise<{ readonly story: readonly string[]; readonly failure: string | null }> {
  using repository = makeRepositoryForAll()
  const plan = planOf(seed, round, form)
  const outcome = await playRound(plan, repository.path)
  end(outcome)
  return { story: outcome.story, failure: failureOf(plan, form, outcome) }
}

/** Making one takes three processes; copying it takes none. */
function makeRepositoryForAll(): Disposable & { readonly path: string } {
  const path = mkdtempSync(join(tmpdir(), 'berth-fuzz-'))
  makeRepository(path)
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) }
}

/** All that its reader needs to find out what happened, and to play it again; null = nothing is wrong. */
export function failureOf(
  plan: Plan,
  form: Form,
  { faults, story, world }: Pick<Outcome, 'faults' | 'story' | 'world'>,
): string | null {
  if (faults.length === 0) return null
  const { seed, round, shots } = plan
  return [
    `===== round ${round} of seed ${seed} failed; its folder is kept: ${world.root}`,
    `again: npm run fuzz -- --seed ${seed} --round ${round}${form === SHORT ? ' --short' : ''}`,
    `aimed at: ${shots.map(nameOf).join(' ')}`,
    ...faults.map((fault) => `  ${fault}`),
    ...story,
    JSON.stringify(plan),
    world.dump(),
  ].join('\n')
}

/** What is left of a failed round is ended by pid, and its folder stays. */
function end({ faults, world }: Outcome): void {
  world.close()
  if (faults.length === 0) rmSync(world.root, { recursive: true, force: true })
  else for (const pid of livingOf(world)) killIfAlive(pid)
}
