import { messageOf } from '../errors.ts'
import { nextStep, type Step } from '../model/nextStep.ts'
import type { Stage } from '../model/recipe.ts'
import { conclude } from '../model/verdict.ts'
import type { RunWorld } from './ports.ts'

/**
 * Takes a run to its end: whatever its journal says comes next, until nothing does. The same for a run that is fresh, that died,
 * or that was never cleaned. It holds the run's locks by descriptor, and gives them up by ending.
 */
export async function conduct(world: RunWorld): Promise<void> {
  for (let step = nextStep(world.record.journal); step !== null; step = nextStep(world.record.journal)) {
    if (FORWARD.has(step.kind)) await goForward(step, world)
    else await perform(step, world)
  }
}

const FORWARD: ReadonlySet<Step['kind']> = new Set(['prepare', 'stage', 'keep'])

/** A fault of the harness on the way forward (a full disk, say) ends the run by the same door as a cancel: with a teardown. */
async function goForward(step: Step, world: RunWorld): Promise<void> {
  try {
    await perform(step, world)
  } catch (error) {
    world.stop.request('fault', messageOf(error))
  }
}

function perform(step: Step, world: RunWorld): Promise<void> | void {
  switch (step.kind) {
    case 'prepare':
      return prepare(world)
    case 'stage':
      return runStage(step.index, world)
    case 'keep':
      return keep(world)
    case 'teardown':
      return tearDown('teardown.ended', world)
    case 'conclude':
      return world.record.note({ event: 'concluded', verdict: conclude(world.record.journal) })
    case 'clean':
      return tearDown('cleaned', world)
  }
}

async function prepare({ request, record, driver, stop, prepare }: RunWorld): Promise<void> {
  const fault = await prepare(stop.signal).then(
    () => null,
    (error: unknown) => messageOf(error),
  )
  const stages = request.stages.map((stage) => stage.name)
  record.append({
    event: 'prepared',
    stages,
    keepMs: request.keepMs,
    containment: driver.containmentLevel,
    fault,
    withheld: request.secrets.withheld,
  })
}

async function runStage(index: number, world: RunWorld): Promise<void> {
  const { request, record, driver, stop } = world
  const stage = request.stages[index]
  if (stage === undefined) throw new Error(`run ${request.run} has no stage ${index}`)
  if (mustStopFirst(world)) return
  const containment = driver.contain(stage.name)
  record.append({ event: 'stage.started', ...begunWith(stage), containment })
  const end = await driver.runStage(stage, containment, stop.signal)
  record.append({ event: 'stage.ended', name: stage.name, ...end })
}

function begunWith({ name, uninterruptible }: Stage): Pick<Stage, 'name'> & Partial<Stage> {
  return uninterruptible ? { name, uninterruptible } : { name }
}

/** A stop that was written down, or a lock that is not ours any more, comes before the next effect. */
function mustStopFirst({ stop, lostLock, record }: RunWorld): boolean {
  stop.look()
  const lost = lostLock()
  if (lost !== null) stop.request('lock_lost', lost)
  return record.journal.stop !== null
}

async function keep({ request, record, stop, pause }: RunWorld): Promise<void> {
  record.append({ event: 'kept', forMs: request.keepMs })
  stop.disarmDeadline()
  await pause(request.keepMs, stop.signal)
}

async function tearDown(event: 'teardown.ended' | 'cleaned', world: RunWorld): Promise<void> {
  const { record, driver, stop, lostLock } = world
  stop.enterTearing()
  const containment = driver.contain('teardown')
  record.note({ event: 'teardown.started', containment })
  const report = await driver.tearDown(record.journal, containment, lostLock() !== null)
  record.note({ event, report })
}
