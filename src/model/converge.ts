import type { ServiceLook, StackLook, TaskLook } from './stackLook.ts'

/** How patient converging is. */
export interface ConvergeRules {
  /** Looks in a row that find everything as wanted, with the same tasks. */
  readonly stableLooks: number
  /** A crash loop: so many tasks of one place have failed … */
  readonly crashes: number
  /** … within this time. */
  readonly crashWindowMs: number
}

const CONVERGE_RULES: ConvergeRules = { stableLooks: 3, crashes: 3, crashWindowMs: 120_000 }

export type StackFault =
  | 'rejected'
  | 'update_paused'
  | 'rolled_back'
  | 'crash_loop'
  | 'unhealthy'
  | 'not_restarted'
  | 'service_gone'

export type StackVerdict =
  | {
      readonly kind: 'waiting'
      readonly detail: string
      /** Nothing is missing; it has to hold. */
      readonly isGood: boolean
    }
  | { readonly kind: 'converged' }
  | {
      readonly kind: 'failed'
      readonly fault: StackFault
      /** Its id and name. */
      readonly service: Pick<ServiceLook, 'id' | 'name'>
      readonly detail: string
    }

/** What has to be known of the looks before. */
export interface Watching {
  readonly verdict: StackVerdict
  /** What the last looks have found alike, and how many they were. */
  readonly alike: string
  readonly count: number
  /** All services that were ever there. */
  readonly services: readonly Pick<ServiceLook, 'id' | 'name'>[]
}

export const NOT_YET_LOOKED: Watching = {
  verdict: waiting('not looked at yet'),
  alike: '',
  count: 0,
  services: [],
}

/** What a look adds to those before it. What is settled and red counts at once; green, and an end that nobody mends, must hold. */
export function judge(before: Watching, look: StackLook, rules: ConvergeRules = CONVERGE_RULES): Watching {
  const services = look.services.map(({ id, name }) => ({ id, name }))
  const states = look.services.map((service) => stateOf(service, tasksOf(service, look), rules))
  const alike = JSON.stringify(states.map(({ kind, tasks }) => [kind, tasks]))
  const count = alike === before.alike ? before.count + 1 : 1
  const next = { alike, count, services }
  const gone = before.services.find(({ id }) => !services.some((service) => service.id === id))
  if (gone !== undefined) {
    return { ...next, verdict: failed('service_gone', gone, 'somebody has removed it') }
  }
  return { ...next, verdict: verdictOf(states, count >= rules.stableLooks) }
}

type ServiceState = { readonly tasks: readonly string[] } & (
  | { readonly kind: 'good' | 'waiting'; readonly detail: string }
  | { readonly kind: 'red' | 'stuck'; readonly verdict: StackVerdict }
)

function verdictOf(states: readonly ServiceState[], isStable: boolean): StackVerdict {
  for (const state of states) {
    if (state.kind === 'red' || (state.kind === 'stuck' && isStable)) return state.verdict
  }
  if (states.length === 0) return waiting('no service is there')
  const details = states.flatMap((state) => (state.kind === 'waiting' ? [state.detail] : []))
  if (details.length > 0 || states.some(({ kind }) => kind === 'stuck')) {
    return waiting(details.join('; ') || 'a task has ended')
  }
  return isStable ? { kind: 'converged' } : { ...waiting('everything is there; it must hold'), isGood: true }
}

function waiting(detail: string): Extract<StackVerdict, { kind: 'waiting' }> {
  return { kind: 'waiting', detail, isGood: false }
}

function tasksOf({ id }: ServiceLook, { tasks }: StackLook): readonly TaskLook[] {
  return tasks.filter(({ service }) => service === id)
}

function stateOf(service: ServiceLook, all: readonly TaskLook[], rules: ConvergeRules): ServiceState {
  const current = all.filter(({ isCurrent }) => isCurrent)
  const tasks = all
    .filter((task) => !isHistory(task))
    .map(({ id, state }) => `${id} ${state}`)
    .sort()
  const red =
    updateFault(service) ??
    rejection(service, current) ??
    crashLoop(service, current, rules) ??
    sickness(service, current)
  if (red !== null) return { kind: 'red', tasks, verdict: red }
  if (service.update === 'updating' || service.update === 'rollback_started') {
    return { kind: 'waiting', tasks, detail: `${service.name}: ${service.update}` }
  }
  const done = current.filter((task) => isDone(task, service)).length
  const running = all.filter((task) => task.state === 'running' && !isHistory(task)).length
  const isFull = service.kind === 'job' ? done >= service.wanted : done === service.wanted
  if (isFull && (service.kind === 'job' || running <= service.wanted))
    return { kind: 'good', tasks, detail: '' }
  const ended = endedForGood(service, current)
  if (ended !== null) return { kind: 'stuck', tasks, verdict: ended }
  return { kind: 'waiting', tasks, detail: waitingFor(service, done, current) }
}

/** Of a job, and of a service that is not to come back after a good end: one that has ended well. */
function isDone(task: TaskLook, { kind, restart }: ServiceLook): boolean {
  if (kind === 'service' && task.state === 'running' && !isHistory(task)) return true
  return task.state === 'complete' && (kind === 'job' || restart !== 'any')
}

function isHistory({ desired }: TaskLook): boolean {
  return desired === 'shutdown' || desired === 'remove'
}

/** An update that was stopped or taken back is settled, whatever the replicas say: those of the old spec run on. */
function updateFault(service: ServiceLook): StackVerdict | null {
  const { update, updateMessage } = service
  if (update === 'paused' || update === 'rollback_paused') {
    return failed('update_paused', service, `${update}: ${updateMessage}`)
  }
  return update === 'rollback_completed' ? failed('rolled_back', service, updateMessage || update) : null
}

/** A node that rejects a task (no such image, no such mount) rejects the next one, too. */
function rejection(service: ServiceLook, tasks: readonly TaskLook[]): StackVerdict | null {
  const rejected = tasks.find(({ state, error }) => state === 'rejected' && !PASSING.test(error))
  return rejected === undefined ? null : failed('rejected', service, rejected.error)
}

/** Without a swarm nobody ends a container whose health check has failed as often as its own rule says. */
function sickness(service: ServiceLook, tasks: readonly TaskLook[]): StackVerdict | null {
  const sick = tasks.find(({ state }) => state === 'unhealthy')
  return sick === undefined ? null : failed('unhealthy', service, sick.error)
}

/** What an engine says that is starting or stopping: it will say something else. */
const PASSING = /swarm is not active|context canceled|connection is closing|shutting down/i

/** Its time ends with the latest thing that has happened: whoever looks late has missed nothing. */
function crashLoop(
  service: ServiceLook,
  tasks: readonly TaskLook[],
  { crashes, crashWindowMs }: ConvergeRules,
): StackVerdict | null {
  const lastAtMs = Math.max(...tasks.map(({ atMs }) => atMs))
  const since = Math.max(service.updatedAtMs + service.startPeriodMs, lastAtMs - crashWindowMs)
  const failures = tasks.filter((task) => hasCrashed(task, service) && task.atMs >= since)
  for (const place of new Set(failures.map((task) => task.place))) {
    const here = failures.filter((task) => task.place === place).toSorted((a, b) => a.atMs - b.atMs)
    if (here.length < crashes) continue
    return failed(
      'crash_loop',
      service,
      `failed ${here.length} times: ${here.at(-1)?.error || 'it ends by itself'}`,
    )
  }
  return null
}

/** `shutdown` is what the swarm itself has asked for. A service whose tasks end well and come back does not stay up either. */
function hasCrashed({ state }: TaskLook, { kind, restart }: ServiceLook): boolean {
  return (
    state === 'failed' ||
    state === 'rejected' ||
    (state === 'complete' && kind === 'service' && restart === 'any')
  )
}

/** Nothing runs, nothing is on its way, and the newest one has failed: its restart policy has given up. */
function endedForGood(service: ServiceLook, tasks: readonly TaskLook[]): StackVerdict | null {
  const places = [...new Set(tasks.map(({ place }) => place))]
  for (const place of places) {
    const here = tasks.filter((task) => task.place === place)
    const newest = here.toSorted((a, b) => b.atMs - a.atMs)[0]
    const isOver = here.every(({ state }) => ENDED.has(state))
    if (isOver && newest?.state === 'failed') return failed('not_restarted', service, newest.error)
  }
  return null
}

const ENDED: ReadonlySet<string> = new Set([
  'complete',
  'shutdown',
  'failed',
  'rejected',
  'remove',
  'orphaned',
])

function waitingFor({ name, wanted, kind }: ServiceLook, done: number, tasks: readonly TaskLook[]): string {
  const error = tasks.find((task) => !isHistory(task) && task.error !== '')?.error
  const count = `${name}: ${done} of ${wanted} ${kind === 'job' ? 'have ended well' : 'run'}`
  return error === undefined ? count : `${count} (${error})`
}

function failed(
  fault: StackFault,
  { id, name }: Pick<ServiceLook, 'id' | 'name'>,
  detail: string,
): StackVerdict {
  return { kind: 'failed', fault, service: { id, name }, detail: `${name}: ${detail}` }
}
