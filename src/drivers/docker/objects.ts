import { type Fields, fieldsOf, optional, textOf } from '../../model/read.ts'
import { BERTH_LABELS, type EngineObject, OBJECT_KINDS, type ObjectKind } from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'
import { isMissing } from './engineError.ts'

/**
 * Everything on the engine that a scope of this instance may be about: one call a kind, however many stacks there are. Tasks and containers
 * are asked for by label, the others all: what stands at a stack's name and is not ours has to be told. Without services the containers say it.
 * @param kinds without a swarm: containers, networks and volumes (the engine refuses to list the others)
 * @throws EngineError
 */
export async function listObjects(
  engine: Engine,
  instance: string,
  kinds: readonly ObjectKind[] = OBJECT_KINDS,
): Promise<readonly EngineObject[]> {
  const lists: (readonly EngineObject[])[] = []
  // One after the other, makers first: what is listed as gone can have made nothing that the later lists have missed.
  for (const kind of kinds) lists.push(await listKind(engine, kind, instance, kinds))
  return lists.flat()
}

/**
 * Removes it; what is gone already is as good.
 * @throws EngineError when the engine refuses, most often since it is in use
 */
export async function removeObject(engine: Engine, { kind, id }: EngineObject): Promise<void> {
  try {
    await engine.call(`remove ${kind} ${id}`, (docker, abortSignal) => {
      if (kind === 'service') return docker.getService(id).remove({ abortSignal })
      if (kind === 'container') return docker.getContainer(id).remove({ force: true, v: true, abortSignal })
      if (kind === 'network') return docker.getNetwork(id).remove({ abortSignal })
      if (kind === 'volume') return docker.getVolume(id).remove({ abortSignal })
      if (kind === 'config') return docker.getConfig(id).remove({ abortSignal })
      if (kind === 'secret') return docker.getSecret(id).remove({ abortSignal })
      throw new TypeError(`a ${kind} goes with its service`)
    })
  } catch (error) {
    if (!isMissing(error)) throw error
  }
}

async function listKind(
  engine: Engine,
  kind: ObjectKind,
  instance: string,
  kinds: readonly ObjectKind[],
): Promise<readonly EngineObject[]> {
  const filters = { label: [`${BERTH_LABELS.instance}=${instance}`] }
  const answer = await engine.call<unknown>(`list ${kind}s`, (docker, abortSignal) => {
    if (kind === 'service') return docker.listServices({ abortSignal })
    if (kind === 'task') return docker.listTasks({ filters, abortSignal })
    if (kind === 'container')
      return docker.listContainers({
        all: true,
        ...(kinds.includes('service') ? { filters } : {}),
        abortSignal,
      })
    if (kind === 'network') return docker.listNetworks({ abortSignal })
    if (kind === 'volume') return docker.listVolumes({ abortSignal })
    if (kind === 'config') return docker.listConfigs({ abortSignal })
    return docker.listSecrets({ abortSignal })
  })
  const list: unknown = kind === 'volume' ? fieldsOf(answer, 'volumes')['Volumes'] : answer
  const raws = Array.isArray(list) ? list.map((raw: unknown) => fieldsOf(raw, kind)) : []
  return raws.filter((raw) => kind !== 'task' || !isRecord(raw)).map(READERS[kind])
}

/**
 * A removed job's tasks are never taken off the swarm's books (moby issue 44312), and nobody else can do it: one that has ended is a record, and
 * no object. One that runs does so to its end.
 */
function isRecord(task: Fields): boolean {
  return isJobs(task) && ENDED.has(textOf(fieldsOf(task['Status'], 'Status'), 'State'))
}

const ENDED: ReadonlySet<string> = new Set([
  'complete',
  'failed',
  'rejected',
  'shutdown',
  'remove',
  'orphaned',
])

function isJobs(task: Fields): boolean {
  return optional(task, 'DesiredState', textOf) === 'complete'
}

const READERS: Readonly<Record<ObjectKind, (raw: Fields) => EngineObject>> = {
  service: (raw) => ofSwarm('service', raw),
  config: (raw) => ofSwarm('config', raw),
  secret: (raw) => ofSwarm('secret', raw),
  /** A task has no labels of its own: those of its containers stand in its spec. */
  task(raw) {
    const spec = fieldsOf(fieldsOf(raw['Spec'], 'Spec')['ContainerSpec'] ?? {}, 'ContainerSpec')
    const id = textOf(raw, 'ID')
    const task = { kind: 'task', id, name: id, labels: labelsOf(spec) } as const
    return isJobs(raw) ? { ...task, state: 'abandoned' } : task
  },
  container(raw) {
    const [name] = Array.isArray(raw['Names']) ? raw['Names'] : []
    const id = textOf(raw, 'Id')
    const words = { name: String(name ?? id).replace(/^\//, ''), labels: labelsOf(raw) }
    const container = { kind: 'container', id, ...words } as const
    return STOPPED.has(textOf(raw, 'State')) ? { ...container, state: 'ended' } : container
  },
  network: (raw) => ({
    kind: 'network',
    id: textOf(raw, 'Id'),
    name: textOf(raw, 'Name'),
    labels: labelsOf(raw),
  }),
  volume: (raw) => ({
    kind: 'volume',
    id: textOf(raw, 'Name'),
    name: textOf(raw, 'Name'),
    labels: labelsOf(raw),
  }),
}

const STOPPED: ReadonlySet<string> = new Set(['exited', 'dead'])

function ofSwarm(kind: ObjectKind, raw: Fields): EngineObject {
  const spec = fieldsOf(raw['Spec'], 'Spec')
  return { kind, id: textOf(raw, 'ID'), name: textOf(spec, 'Name'), labels: labelsOf(spec) }
}

/** Null where there are none. */
function labelsOf(raw: Fields): Readonly<Record<string, string>> {
  const labels = optional(raw, 'Labels', (fields, key) => fieldsOf(fields[key], key)) ?? {}
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]))
}
