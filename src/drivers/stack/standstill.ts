import { messageOf } from '../../errors.ts'
import { BERTH_LABELS } from '../../model/stackObjects.ts'
import type { Engine } from '../docker/engine.ts'
import { EngineError, isMissing } from '../docker/engineError.ts'
import type { StackStage } from './stage.ts'

/**
 * Does work while no program of the run's stack runs: what is copied is one state, and nobody exchanges a folder for a link under the engine's hands.
 * @throws EngineError where one cannot be let go on
 */
export async function atStandstill<T>(
  { request, say }: Pick<StackStage, 'request' | 'say'>,
  engine: Engine,
  work: () => Promise<T>,
): Promise<T> {
  const filters = { label: [`${BERTH_LABELS.run}=${request.run}`], status: ['running'] }
  const running = await engine.call('list containers', (docker, abortSignal) =>
    docker.listContainers({ filters, abortSignal }),
  )
  const paused: string[] = []
  try {
    for (const { Id } of running) if (await pause(engine, Id)) paused.push(Id)
    return await work()
  } finally {
    for (const id of paused) await goOn(engine, id, say)
  }
}

/** HTTP's word for it. */
const NOT_RUNNING = 409

/** False = it has ended. */
async function pause(engine: Engine, id: string): Promise<boolean> {
  try {
    await engine.call(`pause container ${id}`, (docker, abortSignal) =>
      docker.getContainer(id).pause({ abortSignal }),
    )
    return true
  } catch (error) {
    if (isMissing(error) || (error instanceof EngineError && error.status === NOT_RUNNING)) return false
    throw error
  }
}

/** One that was ended meanwhile has nothing to go on with; one that stands still for ever is seen by whatever comes next, and goes with the stack. */
async function goOn(engine: Engine, id: string, say: (line: string) => void): Promise<void> {
  try {
    await engine.call(`unpause container ${id}`, (docker, abortSignal) =>
      docker.getContainer(id).unpause({ abortSignal }),
    )
  } catch (error) {
    say(messageOf(error))
  }
}
