import { rmSync } from 'node:fs'
import { killIfAlive } from '../fixtures/kernel.ts'
import { type Cell, type Grain, type Histogram, makeHistogram, nameOf } from './cells.ts'
import { goesWith, makePlan, type Plan, shotsOf } from './plan.ts'
import { makeRandom } from './random.ts'
import { type Outcome, playRound } from './round.ts'
import { livingOf } from './sight.ts'

export interface Campaign {
  readonly seed: number
  readonly grain: Grain
  /** So many shots in each round; by default it is random. */
  readonly shots?: number
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

/** Plays rounds until it is enough; aims where the histogram is emptiest. A failed round is told and kept, and the others go on. */
export async function fuzz({ seed, grain, shots, lanes, isEnough, say }: Campaign): Promise<Tally> {
  const histogram = makeHistogram(grain)
  const failures: string[] = []
  let [next, rounds] = [0, 0]
  const lane = async () => {
    while (!isEnough(rounds, histogram)) {
      const cells = aims(seed, next, shots ?? shotsOf(seed, next), histogram)
      const plan = makePlan(seed, next, cells)
      next += 1
      histogram.aimed(cells, 1)
      const outcome = await playRound(plan)
      histogram.aimed(cells, -1)
      for (const cell of outcome.hits) histogram.hit(cell)
      rounds += 1
      if (outcome.faults.length > 0) {
        failures.push(failureText(plan, outcome))
        say(failureText(plan, outcome))
      }
      end(outcome)
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return { rounds, failures, histogram }
}

/** Plays one round again; gives what is wrong with it. */
export async function replay(seed: number, round: number, cells: readonly Cell[]): Promise<string | null> {
  const plan = makePlan(seed, round, cells)
  const outcome = await playRound(plan)
  end(outcome)
  return outcome.faults.length === 0 ? null : failureText(plan, outcome)
}

function aims(seed: number, round: number, count: number, histogram: Histogram): readonly Cell[] {
  const random = makeRandom(seed, round, 3)
  if (count === 0) return []
  const first = histogram.emptiest(random, () => true)
  const cells = [first]
  while (cells.length < count) cells.push(histogram.emptiest(random, goesWith(first)))
  return cells
}

function failureText(plan: Plan, { faults, story, world }: Outcome): string {
  const { seed, round, shots } = plan
  const cells = shots.map(nameOf).join(',')
  return [
    `===== round ${round} of seed ${seed} failed; its folder is kept: ${world.root}`,
    `again: npm run fuzz -- --seed ${seed} --round ${round} --cells '${cells}'`,
    ...faults.map((fault) => `  ${fault}`),
    JSON.stringify(plan),
    ...story,
    world.dump(),
  ].join('\n')
}

/** What is left of a failed round is ended by pid, and its folder stays. */
function end({ faults, world }: Outcome): void {
  world.close()
  if (faults.length === 0) rmSync(world.root, { recursive: true, force: true })
  else for (const pid of livingOf(world)) killIfAlive(pid)
}
