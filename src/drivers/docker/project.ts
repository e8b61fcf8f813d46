import { type ContainerLook, NO_PAST, projectLook } from '../../model/containerLook.ts'
import { type Fields, fieldsOf, flagOf, listOf, numberOf, optional, textOf } from '../../model/read.ts'
import type { ServiceLook } from '../../model/stackLook.ts'
import { PROJECT_LABEL } from '../../model/stackObjects.ts'
import type { StackWatch } from './converge.ts'
import type { Engine } from './engine.ts'
import { isMissing } from './engineError.ts'
import { linesOf } from './serviceLogs.ts'

export const SERVICE_LABEL = 'com.docker.compose.service'
const NUMBER_LABEL = 'com.docker.compose.container-number'
const MOST_OUTPUT = 200

/**
 * What converging looks at without a swarm: the project's containers.
 * @param wanted all services that are to be there, with how many of each
 * @param ignored containers that are of no concern: those of an earlier deploy, while its successor is under way
 */
export function watchProject(
  engine: Engine,
  stack: string,
  wanted: ReadonlyMap<string, number>,
  ignored: ReadonlySet<string> = new Set(),
): StackWatch {
  let past = NO_PAST
  let last: readonly ContainerLook[] = []
  return {
    async look(signal) {
      last = (await lookAtContainers(engine, stack, signal)).filter(({ id }) => !ignored.has(id))
      const seen = projectLook(past, last, wanted)
      past = seen.past
      return seen.look
    },
    async lastLines(service, lines) {
      const writers = last.filter((container) => container.service === service)
      const all = await Promise.all(
        writers.map(({ id }) => linesOf(engine, { kind: 'container', id }, lines)),
      )
      return all.flat().slice(-lines)
    },
  }
}

/**
 * All containers of a project, ended ones too.
 * @throws EngineError
 */
export async function lookAtContainers(
  engine: Engine,
  stack: string,
  signal?: AbortSignal,
): Promise<readonly ContainerLook[]> {
  const filters = { label: [`${PROJECT_LABEL}=${stack}`] }
  const list = await engine.call<unknown[]>(
    'list containers',
    (docker, abortSignal) => docker.listContainers({ all: true, filters, abortSignal }),
    signal === undefined ? {} : { signal },
  )
  const looks = await Promise.all(
    list.map((raw) => inspect(engine, textOf(fieldsOf(raw, 'container'), 'Id'))),
  )
  return looks.filter((look) => look !== null)
}

/** Null = it has gone since it was listed. */
async function inspect(engine: Engine, id: string): Promise<ContainerLook | null> {
  try {
    const raw: unknown = await engine.call('look at a container', (docker, abortSignal) =>
      docker.getContainer(id).inspect({ abortSignal }),
    )
    return readContainer(fieldsOf(raw, 'container'))
  } catch (error) {
    if (isMissing(error)) return null
    throw error
  }
}

function readContainer(raw: Fields): ContainerLook {
  const [state, config] = [part(raw, 'State'), part(raw, 'Config')]
  const labels = part(config, 'Labels')
  const health = optional(state, 'Health', (fields, key) => fieldsOf(fields[key], key))
  const policy = part(part(raw, 'HostConfig'), 'RestartPolicy')
  return {
    id: textOf(raw, 'Id'),
    service: optional(labels, SERVICE_LABEL, textOf) ?? '',
    number: optional(labels, NUMBER_LABEL, textOf) ?? '',
    state: textOf(state, 'Status'),
    health: health === null ? null : healthOf(textOf(health, 'Status')),
    healthOutput: health === null ? '' : outputOf(health),
    exitCode: numberOf(state, 'ExitCode'),
    error: optional(state, 'Error', textOf) || (flagOf(state, 'OOMKilled') ? 'out of memory' : ''),
    restarts: numberOf(raw, 'RestartCount'),
    restart: restartOf(optional(policy, 'Name', textOf)),
    createdAtMs: Date.parse(textOf(raw, 'Created')),
    endedAtMs: Date.parse(textOf(state, 'FinishedAt')),
    startPeriodMs: (optional(part(config, 'Healthcheck'), 'StartPeriod', numberOf) ?? 0) / 1_000_000,
  }
}

function healthOf(status: string): ContainerLook['health'] {
  return status === 'starting' || status === 'healthy' || status === 'unhealthy' ? status : null
}

function outputOf(health: Fields): string {
  const log =
    optional(health, 'Log', (fields, key) => listOf(fields, key, (value) => fieldsOf(value, key))) ?? []
  const last = log.at(-1)
  return last === undefined ? '' : textOf(last, 'Output').trim().slice(0, MOST_OUTPUT)
}

function restartOf(name: string | null): ServiceLook['restart'] {
  if (name === 'always' || name === 'unless-stopped') return 'any'
  return name === 'on-failure' ? 'on-failure' : 'none'
}

/** The engine leaves out what is empty. */
function part(fields: Fields, key: string): Fields {
  return optional(fields, key, (all, name) => fieldsOf(all[name], name)) ?? {}
}
