import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { isAlive, isStopped, killIfAlive } from '../fixtures/kernel.ts'
import { journalOf } from '../fixtures/records.ts'
import type { Started } from '../fixtures/started.ts'
import { spinUntil, until } from '../fixtures/until.ts'
import { makeWorld, type World } from '../fixtures/world.ts'
import { type Cell, nameOf, POSITIONS, type Position } from './cells.ts'
import type { Plan, Shot } from './plan.ts'
import { type Cast, folderOf, isAtWork, isOfWorld, isThere, pidOf, positionOf } from './sight.ts'
import { verdictOn } from './verdict.ts'

/** What came of a round. */
export interface Outcome {
  /** Where the shots really went. */
  readonly hits: readonly Cell[]
  readonly faults: readonly string[]
  /** For the reader of a failed round. */
  readonly story: readonly string[]
  readonly world: World
}

const DOMAIN = 'app-0.ci.localhost'
/** An aim that has not been met when everybody is done, or after so long, is given up. */
const MOST_AIM_MS = 15_000
const BETWEEN_AIMS_MS = 2
/** Looking through all of /proc takes the processor from those that are looked for. */
const BETWEEN_LOOKS_MS = 50
const MOST_REST_MS = 60_000
const BETWEEN_SWEEPS_MS = 500
const WARM = 'warm'
const FUZZED = 'sh "$BERTH_RECIPE_DIR/fuzzed"'

/**
 * Carries out a plan in a world of its own, and has the judges look when everything has come to rest.
 * @param repository what the round's own becomes a copy of
 */
export async function playRound(plan: Plan, repository: string): Promise<Outcome> {
  const stage = new Stage(plan, repository)
  const { cast, story, hits, shot } = stage
  const faults: string[] = []
  try {
    stage.raise()
    const shots = plan.shots.map((shot) => stage.shoot(shot))
    await Promise.all([...shots, stage.beside()])
    await until('everything to come to rest', () => stage.isOver(), MOST_REST_MS)
    faults.push(...(await verdictOn(cast, shot)))
  } catch (error) {
    faults.push(error instanceof Error ? (error.stack ?? error.message) : String(error))
  }
  return { hits, faults, story, world: cast.world }
}

function writeRecipe(world: World, plan: Plan): void {
  const { stubborn, workMs, warm, downMs, resource, hasty } = plan
  const commands = {
    up: `${FUZZED} up ${stubborn ? 'stubborn' : ''}`,
    check: `${FUZZED} work 0`,
    work: `${FUZZED} work ${workMs / 1000} ${warm ? WARM : ''}`,
  }
  const [most, budget] = hasty ? ['3s', '3s'] : ['1m', '2m']
  const stages = Object.entries(commands).map(([name, run]) => [name, { run, timeout: most }])
  const teardown = { run: `${FUZZED} down ${downMs / 1000}`, timeout: most }
  world.recipe('app', {
    stages: Object.fromEntries(stages),
    teardown,
    resources: resource ? ['db'] : [],
    deadline: budget,
  })
  world.configure(`budgets: { killGrace: 200ms, deadline: ${budget}, teardown: ${budget} }`)
}

/** The stage of one round: who is on it, and what has been done to whom. */
class Stage {
  readonly cast: Cast
  readonly story: string[] = []
  readonly hits: Cell[] = []
  /** What this round has signalled. */
  readonly shot = new Set<number>()
  readonly #plan: Plan
  /** What has neither met its aim nor given it up. */
  readonly #awaited: Set<Shot>
  readonly #began = performance.now()
  #lookedAt = 0
  #isOver = false
  /** Whoever comes to recover the run waits for its death. */
  #isDying = false

  constructor(plan: Plan, repository: string) {
    this.#plan = plan
    this.#awaited = new Set(plan.shots)
    const world = makeWorld(repository)
    this.cast = { world, first: null, second: null, janitor: null, all: [], wrapper: null, death: null }
    writeRecipe(world, plan)
  }

  raise(): void {
    const { cast } = this
    const { world } = cast
    const { second, hold } = this.#plan
    cast.first = world.berth('run', 'app', '--wait', '10s')
    cast.all.push(cast.first)
    this.#tell(`first run is ${cast.first.pid}`)
    const site = (word: string) => `sh "$BERTH_RECIPE_DIR/site" ${word}`
    if (hold)
      world.hold(
        DOMAIN,
        'holdholdholdhold',
        [site('up'), site('check'), site('down')].join('; '),
        '--wait',
        '10s',
      )
    if (second === 'elsewhere') this.#begin('second', world.berth('run', 'app', '--pr', '1', '--wait', '10s'))
  }

  /** All that comes beside the first run: a second one behind it, a canceller, a janitor, the death of the first. */
  async beside(): Promise<void> {
    const { cancelAt, secondAt, second } = this.#plan
    const { world } = this.cast
    const isQueued = second === 'same domain' || second === 'same resource'
    const pr = second === 'same resource' ? '1' : '0'
    const queue = async () => {
      if (isQueued && (await this.#past(secondAt)))
        this.#begin('second', world.berth('run', 'app', '--pr', pr, '--wait', '10s'))
    }
    const cancel = async () => {
      if (cancelAt !== null && (await this.#past(cancelAt))) await this.#cancel()
    }
    await Promise.all([queue(), cancel(), this.#sweep(), this.#die(), this.#warm()])
  }

  /** Lets the last stage go on when the second run has its warm processes, or will not have them. */
  async #warm(): Promise<void> {
    if (!this.#plan.warm) return
    const { cast } = this
    const isSettled = () =>
      pidOf(cast, 'warmProcess') !== null || (cast.second !== null && !isThere(cast.second))
    await this.#watch(isSettled)
    writeFileSync(join(cast.world.gates, WARM), '')
  }

  async shoot(shot: Shot): Promise<void> {
    const hit = await this.#aim(shot)
    this.#awaited.delete(shot)
    if (hit !== null && shot.signal === 'STOP') await this.#continueLater(hit, shot.contMs)
  }

  /** The pid that was hit; null = there was nobody to hit. */
  async #aim(shot: Shot): Promise<number | null> {
    const { victim, signal, delayUs } = shot
    if (!(await this.#inSight(shot))) return this.#missed(`${nameOf(shot)}: never in sight`)
    if (delayUs >= 1000) await pause(Math.floor(delayUs / 1000))
    const end = performance.now() + (delayUs % 1000) / 1000
    spinUntil('microseconds', () => performance.now() >= end)
    const [pid, position] = [pidOf(this.cast, victim), positionOf(this.cast)]
    if (pid === null || position === null) return this.#missed(`${nameOf(shot)}: gone after ${delayUs} µs`)
    if (signal === 'HALT' && position !== shot.position)
      return this.#missed(`${nameOf(shot)}: is ${position}`)
    killIfAlive(pid, signal === 'HALT' ? 'SIGSTOP' : `SIG${signal}`)
    this.shot.add(pid)
    if (signal === 'HALT' && (await this.#slippedAway(pid, position))) {
      killIfAlive(pid, 'SIGCONT')
      return this.#missed(`${nameOf(shot)}: let go on`)
    }
    this.hits.push({ victim, position, signal })
    this.#tell(`${nameOf(shot)}: ${signal} to ${victim} ${pid}, which is ${position}, after ${delayUs} µs`)
    return pid
  }

  /** Between the look and the stop it may have come to where that is another cell. */
  async #slippedAway(pid: number, position: Position): Promise<boolean> {
    await until(`${pid} to stand still`, () => isStopped(pid) || !isAlive(pid))
    return positionOf(this.cast) !== position
  }

  #missed(how: string): null {
    this.#tell(how)
    return null
  }

  isOver(): boolean {
    if (this.#isDying || this.cast.all.some(isThere)) return false
    const now = performance.now()
    if (this.#isOver) return true
    if (now < this.#lookedAt + BETWEEN_LOOKS_MS) return false
    this.#lookedAt = now
    this.#isOver ||= !isAtWork(this.cast.world)
    return this.#isOver
  }

  async #continueLater(pid: number, contMs: number): Promise<void> {
    await pause(contMs)
    if (isOfWorld(this.cast.world, pid)) killIfAlive(pid, 'SIGCONT')
    this.#tell(`SIGCONT to ${pid}`)
  }

  async #inSight({ victim, position }: Cell): Promise<boolean> {
    return this.#watch(
      () => positionOf(this.cast) === position && pidOf(this.cast, victim) !== null && this.#isAlive(),
    )
  }

  /** In a round with a death only the second life counts. */
  #isAlive(): boolean {
    return this.#plan.deathAt === null || this.cast.death !== null || this.isOver()
  }

  /** Has the first run come so far, or farther. */
  #past(position: Position): Promise<boolean> {
    const isFar = (now: Position | null) =>
      now !== null && POSITIONS.indexOf(now) >= POSITIONS.indexOf(position)
    return this.#watch(() => isFar(positionOf(this.cast)))
  }

  /** Looks all the time, until everybody is done. */
  async #watch(isThere: () => boolean): Promise<boolean> {
    const end = performance.now() + MOST_AIM_MS
    while (!this.isOver() && performance.now() < end) {
      if (isThere()) return true
      await pause(BETWEEN_AIMS_MS)
    }
    return false
  }

  #begin(who: 'second' | 'janitor', started: Started): void {
    this.cast[who] = started
    this.cast.all.push(started)
    this.#isOver = false
    this.#isDying = false
    this.#tell(`${who} is ${started.pid}`)
  }

  async #cancel(): Promise<void> {
    const folder = folderOf(this.cast)
    if (folder === null) return
    this.#tell('cancelled')
    await this.cast.world.berth('cancel', folder.slice(-16)).ended()
  }

  async #sweep(): Promise<void> {
    const { janitorAt, deathAt } = this.#plan
    const { world } = this.cast
    if (janitorAt === null) return
    await this.#past(janitorAt)
    if (deathAt !== null) await this.#watch(() => this.cast.death !== null)
    do {
      const janitor = world.berth('janitor')
      this.#begin('janitor', janitor)
      await janitor.ended()
    } while (await this.#wantsJanitor())
  }

  async #wantsJanitor(): Promise<boolean> {
    const { janitors } = this.#plan
    if (janitors === 'until over') await pause(BETWEEN_SWEEPS_MS)
    const isWanted = {
      one: () => false,
      'until met': () => [...this.#awaited].some(({ victim }) => victim === 'janitor'),
      'until over': () => true,
    }[janitors]
    return isWanted() && positionOf(this.cast) !== null && performance.now() < this.#began + MOST_REST_MS
  }

  /** Kills all that conducts the first run, where the plan wants it dead. */
  async #die(): Promise<void> {
    const { deathAt, deathUs } = this.#plan
    if (deathAt === null || !(await this.#past(deathAt))) return
    await pause(Math.floor(deathUs / 1000))
    const parts = (['cli', 'wrapper', 'process'] as const).flatMap((part) => pidOf(this.cast, part) ?? [])
    const folder = folderOf(this.cast)
    if (folder === null || parts.length < 3) {
      this.#tell('the first run did not live long enough to be killed')
      return
    }
    for (const pid of parts) this.shot.add(pid)
    this.#isDying = true
    await killAtOnce(parts)
    this.cast.death = { lines: journalOf(folder).length }
    this.#isDying = this.#plan.janitorAt !== null
    this.#tell(`killed together: ${parts}, at ${journalOf(folder).at(-1)?.event ?? 'no line'}`)
  }

  #tell(what: string): void {
    this.story.push(`${(performance.now() - this.#began).toFixed(1).padStart(8)} ms  ${what}`)
  }
}

/** Stopped first, so that none sees another one die; one may come to its end before. */
async function killAtOnce(pids: readonly number[]): Promise<void> {
  for (const pid of pids) killIfAlive(pid, 'SIGSTOP')
  await until(`${pids} to stand still`, () => pids.every((pid) => isStopped(pid) || !isAlive(pid)))
  for (const pid of pids) killIfAlive(pid)
  await until(`the end of ${pids}`, () => !pids.some(isAlive))
}
