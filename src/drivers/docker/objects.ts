import { type Fields, fieldsOf, optional, textOf } from '../../model/read.ts'
import { BERTH_LABELS, type EngineObject, OBJECT_KINDS, type ObjectKind } from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'
import { isMissing } from './engineError.ts'

/**
 * Everything on the engine that a scope of this instance may be about: one call a kind, however many stacks there are. Tasks and containers
 * are asked for by label, the others all: what stands at a stack's name and is not ours has to be told.
 * @param kinds without a swarm: containers, networks and volumes (the engine refuses to list the others)
 * @throws EngineError
 */
export async function listObjects(
  engine: Engine,
  instance: string,
  kinds: readonly ObjectKind[] = OBJECT_KINDS,
): Promise<readonly EngineObject[]> {
  const lists = await Promise.all(kinds.map((kind) => listKind(engine, kind, instance)))
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
): Promise<readonly EngineObject[]> {
  const filters = { label: [`${BERTH_LABELS.instance}=${instance}`] }
  const answer = await engine.call<unknown>(`list ${kind}s`, (docker, abortSignal) => {
    if (kind === 'service') return docker.listServices({ abortSignal })
    if (kind === 'task') return docker.listTasks({ filters, abortSignal })
    if (kind === 'container') return docker.listContainers({ all: true, filters, abortSignal })
    if (kind === 'network') return docker.listNetworks({ abortSignal })
    if (kind === 'volume') return docker.listVolumes({ abortSignal })
    if (kind === 'config') return docker.listConfigs({ abortSignal })
    return docker.listSecrets({ abortSignal })
  })
  const list: unknown = kind === 'volume' ? fieldsOf(answer, 'volumes')['Volumes'] : answer
  return Array.isArray(list) ? list.map((raw: unknown) => READERS[kind](fieldsOf(raw, kind))) : []
}

const READERS: Readonly<Record<ObjectKind, (raw: Fields) => EngineObject>> = {
  service: (raw) => ofSwarm('service', raw),
  config: (raw) => ofSwarm('config', raw),
  secret: (raw) => ofSwarm('secret', raw),
  /** A task has no labels of its own: those of its containers stand in its spec. */
  task(raw) {
    const spec = fieldsOf(fieldsOf(raw['Spec'], 'Spec')['ContainerSpec'] ?? {}, 'ContainerSpec')
    const id = textOf(raw, 'ID')
    return { kind: 'task', id, name: id, labels: labelsOf(spec) }
  },
  container(raw) {
    const [name] = Array.isArray(raw['Names']) ? raw['Names'] : []
    const id = textOf(raw, 'Id')
    return { kind: 'container', id, name: String(name ?? id).replace(/^\//, ''), labels: labelsOf(raw) }
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

function ofSwarm(kind: ObjectKind, raw: Fields): EngineObject {
  const spec = fieldsOf(raw['Spec'], 'Spec')
  return { kind, id: textOf(raw, 'ID'), name: textOf(spec, 'Name'), labels: labelsOf(spec) }
}

/** Null where there are none. */
function labelsOf(raw: Fields): Readonly<Record<string, string>> {
  const labels = optional(raw, 'Labels', (fields, key) => fieldsOf(fields[key], key)) ?? {}
  return Object.fromEntries(Object.entries(labels).map(([key, value]) => [key, String(value)]))
}
