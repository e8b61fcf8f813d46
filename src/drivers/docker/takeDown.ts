import { messageOf } from '../../errors.ts'
import { type EngineObject, type ObjectKind, standsAlone, TASK_LABEL } from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'
import { removeObject } from './objects.ts'

export interface TakeDownWish {
  /** How long containers may take to obey before they are removed by force. */
  readonly graceMs: number
  /** Called once for each service, and each container that is no task's, before it is removed: its logs go with it. */
  readonly keepLogs: (writers: readonly EngineObject[]) => Promise<void>
}

/** One scope's taking down over many looks. */
export interface TakingDown {
  /** Removes what can go now, and says how long to wait before the next look. */
  readonly goOn: (there: readonly EngineObject[]) => Promise<number>
  /** Why the engine would not remove it when it was asked last, or null. */
  readonly reasonFor: (object: EngineObject) => string | null
}

/** What is in use by nothing of ours any more, once all that runs is gone. */
const LAST: readonly ObjectKind[] = ['network', 'volume', 'config', 'secret']
const FIRST_PAUSE_MS = 50
const WHILE_ENDING_MS = 250
const WHILE_REFUSED_MS = 1000

export function openTakingDown(engine: Engine, { graceMs, keepLogs }: TakeDownWish): TakingDown {
  const reasons = new Map<string, string>()
  const kept = new Set<string>()
  let pauseMs = FIRST_PAUSE_MS
  let endingSince: number | null = null

  const remove = (objects: readonly EngineObject[]) => removeAll(engine, objects, reasons)

  async function keepOnce(writers: readonly EngineObject[]): Promise<void> {
    const fresh = writers.filter(({ id }) => !kept.has(id))
    for (const { id } of fresh) kept.add(id)
    if (fresh.length > 0) await keepLogs(fresh)
  }

  async function removeServices(services: readonly EngineObject[]): Promise<boolean> {
    await keepOnce(services)
    endingSince = performance.now()
    return await remove(services)
  }

  /** Networks that go before their tasks have ended leak addresses, so that everything waits for the last container. */
  async function endContainers(
    tasks: readonly EngineObject[],
    containers: readonly EngineObject[],
  ): Promise<boolean> {
    endingSince ??= performance.now()
    const isLate = performance.now() - endingSince >= graceMs
    const abandoned = new Set(tasks.filter(({ state }) => state === 'abandoned').map(({ id }) => id))
    const own = containers.filter(standsAlone)
    if (!isLate) await Promise.all(own.map((one) => stop(engine, one, graceMs)))
    await keepOnce(own)
    return await remove(containers.filter((one) => isLate || isOurTurn(one, abandoned)))
  }

  return {
    async goOn(there) {
      const of = (...kinds: readonly ObjectKind[]) => there.filter(({ kind }) => kinds.includes(kind))
      const services = of('service')
      const isEnding = services.length === 0 && of('task', 'container').length > 0
      const isRefused =
        services.length > 0
          ? await removeServices(services)
          : await (isEnding ? endContainers(of('task'), of('container')) : remove(of(...LAST)))
      const longest = isRefused ? WHILE_REFUSED_MS : isEnding ? WHILE_ENDING_MS : FIRST_PAUSE_MS
      pauseMs = Math.min(pauseMs * 1.5, longest)
      return pauseMs
    },
    reasonFor: (object) => reasons.get(keyOf(object)) ?? null,
  }
}

/** In its own time, as the swarm does with a task's; what has not ended by then is removed by force. */
async function stop(engine: Engine, { id, name, state }: EngineObject, mostMs: number): Promise<void> {
  if (state === 'ended') return
  await engine
    .call(`stop ${name}`, (docker, abortSignal) => docker.getContainer(id).stop({ abortSignal }), { mostMs })
    .catch(() => undefined)
}

/** The swarm ends the containers of its tasks itself, after their own grace; nobody else ends the others. */
function isOurTurn({ state, labels }: EngineObject, abandoned: ReadonlySet<string>): boolean {
  const task = labels[TASK_LABEL]
  return task === undefined || state === 'ended' || abandoned.has(task)
}

/** Whether the engine would not remove one of them. */
async function removeAll(
  engine: Engine,
  objects: readonly EngineObject[],
  reasons: Map<string, string>,
): Promise<boolean> {
  let isRefused = false
  const ask = async (object: EngineObject): Promise<void> => {
    try {
      await removeObject(engine, object)
    } catch (error) {
      isRefused = true
      reasons.set(keyOf(object), messageOf(error))
    }
  }
  await Promise.all(objects.map(ask))
  return isRefused
}

function keyOf({ kind, id }: EngineObject): string {
  return `${kind} ${id}`
}
