import { type Fields, fieldsOf, numberOf, optional, textOf } from '../../model/read.ts'
import type { ServiceLook, StackLook, TaskLook } from '../../model/stackLook.ts'
import { STACK_LABEL } from '../../model/stackObjects.ts'
import type { Engine } from './engine.ts'
import type { StartPeriods } from './imageStart.ts'

/**
 * What the engine says of a stack now, in two calls.
 * @param startPeriods asked where a service has a start period of its image's only
 * @throws EngineError
 */
export async function lookAtStack(
  engine: Engine,
  stack: string,
  startPeriods: StartPeriods,
  signal: AbortSignal,
): Promise<StackLook> {
  const filters = { label: [`${STACK_LABEL}=${stack}`] }
  const [services, tasks] = await Promise.all([
    engine.call<unknown[]>(
      'list services',
      (docker, abortSignal) => docker.listServices({ filters, status: true, abortSignal }),
      { signal },
    ),
    engine.call<unknown[]>(
      'list tasks',
      (docker, abortSignal) => docker.listTasks({ filters, abortSignal }),
      {
        signal,
      },
    ),
  ])
  const raws = services.map((raw) => fieldsOf(raw, 'service'))
  const byId = new Map(raws.map((raw) => [textOf(raw, 'ID'), raw]))
  return {
    services: await Promise.all(raws.map((raw) => readService(raw, startPeriods))),
    tasks: tasks.flatMap((raw) => {
      const fields = fieldsOf(raw, 'task')
      const service = byId.get(textOf(fields, 'ServiceID'))
      return service === undefined ? [] : [readTask(fields, service)]
    }),
  }
}

async function readService(raw: Fields, startPeriods: StartPeriods): Promise<ServiceLook> {
  const spec = fieldsOf(raw['Spec'], 'Spec')
  const template = part(spec, 'TaskTemplate')
  const update = part(raw, 'UpdateStatus')
  const mode = part(spec, 'Mode')
  const container = part(template, 'ContainerSpec')
  const startPeriodNs = optional(part(container, 'Healthcheck'), 'StartPeriod', numberOf)
  const image = optional(container, 'Image', textOf)
  return {
    id: textOf(raw, 'ID'),
    name: textOf(spec, 'Name'),
    kind: 'ReplicatedJob' in mode || 'GlobalJob' in mode ? 'job' : 'service',
    wanted: wantedOf(mode, part(raw, 'ServiceStatus')),
    update: optional(update, 'State', textOf) || null,
    updateMessage: optional(update, 'Message', textOf) ?? '',
    updatedAtMs: Date.parse(textOf(raw, 'UpdatedAt')),
    startPeriodMs:
      startPeriodNs === null ? await (image === null ? 0 : startPeriods(image)) : startPeriodNs / 1_000_000,
    restart: restartOf(optional(part(template, 'RestartPolicy'), 'Condition', textOf)),
  }
}

/** A global service has as many tasks as nodes fit: none yet is not none at all. */
function wantedOf(mode: Fields, status: Fields): number {
  if ('Replicated' in mode) return optional(part(mode, 'Replicated'), 'Replicas', numberOf) ?? 1
  if ('ReplicatedJob' in mode) return optional(part(mode, 'ReplicatedJob'), 'TotalCompletions', numberOf) ?? 1
  return Math.max(1, optional(status, 'DesiredTasks', numberOf) ?? 1)
}

function restartOf(condition: string | null): ServiceLook['restart'] {
  return condition === 'none' || condition === 'on-failure' ? condition : 'any'
}

function readTask(raw: Fields, service: Fields): TaskLook {
  const status = part(raw, 'Status')
  const slot = optional(raw, 'Slot', numberOf)
  return {
    id: textOf(raw, 'ID'),
    service: textOf(raw, 'ServiceID'),
    place: slot === null ? (optional(raw, 'NodeID', textOf) ?? '') : String(slot),
    isCurrent: isOfSpec(raw, service),
    state: textOf(status, 'State'),
    desired: textOf(raw, 'DesiredState'),
    error: optional(status, 'Err', textOf) ?? '',
    atMs: Date.parse(textOf(status, 'Timestamp')),
  }
}

/**
 * The engine does not say which spec a task is of, but the spec itself. Placement is left out, as the swarm does: it keeps a task that
 * stands where the new spec wants it. `Runtime` stands in services only.
 */
function isOfSpec(task: Fields, service: Fields): boolean {
  const template = part(part(service, 'Spec'), 'TaskTemplate')
  const bare = (spec: Fields) => JSON.stringify({ ...spec, Runtime: undefined, Placement: undefined })
  return (
    bare(part(task, 'Spec')) === bare(template) &&
    iterationOf(task) === iterationOf(part(service, 'JobStatus'))
  )
}

function iterationOf(fields: Fields): number {
  return optional(part(fields, 'JobIteration'), 'Index', numberOf) ?? 0
}

/** The engine leaves out what is empty. */
function part(fields: Fields, key: string): Fields {
  return optional(fields, key, (all, name) => fieldsOf(all[name], name)) ?? {}
}
