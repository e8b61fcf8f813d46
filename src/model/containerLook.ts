import type { ServiceLook, StackLook, TaskLook } from './stackLook.ts'

/** A container of a compose project, as the engine shows it. Times are of the engine's clock. */
export interface ContainerLook {
  readonly id: string
  readonly service: string
  /** Which one of its service it is. */
  readonly number: string
  /** The engine's word: `created`, `running`, `paused`, `restarting`, `removing`, `exited`, `dead`. */
  readonly state: string
  /** Null = nothing checks it. */
  readonly health: 'starting' | 'healthy' | 'unhealthy' | null
  /** What the last check has said. */
  readonly healthOutput: string
  /** Of its last end; 0 again as soon as it has begun anew. */
  readonly exitCode: number
  /** The engine's own words of what went wrong, or nothing. */
  readonly error: string
  /** How often the engine has begun it anew. */
  readonly restarts: number
  readonly restart: ServiceLook['restart']
  readonly createdAtMs: number
  /** Of its last end, if it has ended. */
  readonly endedAtMs: number
  readonly startPeriodMs: number
}

/** What has to be known of the looks before: of all ends of a container the engine remembers the last. */
export interface ProjectPast {
  readonly containers: ReadonlyMap<string, { readonly service: string; readonly ends: readonly TaskLook[] }>
}

export const NO_PAST: ProjectPast = { containers: new Map() }

/**
 * A look at a project in the terms of a stack: a container is a task, and each of its earlier ends a task that has failed. A service has gone if a container
 * of it has: nobody but its client, which has ended by then, would make it anew.
 * @param wanted all services that are to be there, with how many of each
 */
export function projectLook(
  past: ProjectPast,
  all: readonly ContainerLook[],
  wanted: ReadonlyMap<string, number>,
): { readonly look: StackLook; readonly past: ProjectPast } {
  const containers = all.filter(({ service }) => wanted.has(service))
  const here = new Map(
    containers.map((container) => {
      const { service, id } = container
      return [id, { service, ends: endsOf(container, past.containers.get(id)?.ends ?? []) }]
    }),
  )
  const gone = new Set([...past.containers].flatMap(([id, { service }]) => (here.has(id) ? [] : [service])))
  const services = [...wanted].filter(([name]) => !gone.has(name))
  return {
    look: {
      services: services.map(([name, count]) => serviceOf(name, count, containers)),
      // The newest of a place first, where the engine's clock cannot tell.
      tasks: containers.flatMap((container) =>
        [taskOf(container)].concat(here.get(container.id)?.ends ?? []),
      ),
    },
    past: { containers: here },
  }
}

function serviceOf(name: string, wanted: number, all: readonly ContainerLook[]): ServiceLook {
  const containers = all.filter(({ service }) => service === name)
  return {
    id: name,
    name,
    kind: 'service',
    wanted,
    update: null,
    updateMessage: '',
    updatedAtMs: Math.max(0, ...containers.map(({ createdAtMs }) => createdAtMs)),
    startPeriodMs: Math.max(0, ...containers.map(({ startPeriodMs }) => startPeriodMs)),
    restart: containers[0]?.restart ?? 'any',
  }
}

/** The count of restarts makes it another task: what has ended in between did not hold. */
function taskOf(container: ContainerLook): TaskLook {
  const { id, service, number, restarts, createdAtMs, endedAtMs } = container
  const state = stateOf(container)
  const hasEnded = state === 'complete' || state === 'failed'
  return {
    id: `${id} ${restarts}`,
    service,
    place: number,
    isCurrent: true,
    state,
    desired: 'running',
    error: errorOf(container, state),
    atMs: hasEnded ? endedAtMs : createdAtMs,
  }
}

function stateOf({ state, health, exitCode }: ContainerLook): string {
  if (state === 'exited' || state === 'dead') return exitCode === 0 ? 'complete' : 'failed'
  if (state !== 'running' || health === null || health === 'healthy') return state
  return health
}

function errorOf(container: ContainerLook, state: string): string {
  const { error, exitCode, healthOutput } = container
  if (state === 'unhealthy')
    return healthOutput === '' ? 'its health check fails' : `unhealthy: ${healthOutput}`
  if (error !== '') return error
  return exitCode === 0 ? '' : `exit code ${exitCode}`
}

/** Those that were noted, and as many more as the engine has begun it anew since: none of them is later than its last end. */
function endsOf(container: ContainerLook, noted: readonly TaskLook[]): readonly TaskLook[] {
  const { restarts, endedAtMs } = container
  const known = noted.slice(0, restarts)
  const more = Array.from({ length: restarts - known.length }, (_, index) => {
    const task = taskOf({ ...container, restarts: known.length + index })
    return { ...task, state: 'failed', desired: 'shutdown', atMs: endedAtMs }
  })
  return [...known, ...more]
}
