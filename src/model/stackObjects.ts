/** What is put on every object of a run, last and by us (design section 6, Docker labels). */
export const BERTH_LABELS = {
  run: 'berth.run',
  domain: 'berth.domain',
  recipe: 'berth.recipe',
  instance: 'berth.instance',
} as const

/** What the CLI puts on everything that it deploys as a part of a stack. */
export const STACK_LABEL = 'com.docker.stack.namespace'

/** What compose puts on everything that it makes: the project's name, which is the stack's. */
export const PROJECT_LABEL = 'com.docker.compose.project'

/** What the swarm puts on the containers of tasks. */
export const TASK_LABEL = 'com.docker.swarm.task.id'

/** In the order in which they can go: each may be in use by those before it. */
export const OBJECT_KINDS = ['service', 'task', 'container', 'network', 'volume', 'config', 'secret'] as const
export type ObjectKind = (typeof OBJECT_KINDS)[number]

/** Those of an engine that need not be in a swarm; containers are the makers there. */
export const COMPOSE_KINDS = ['container', 'network', 'volume'] as const satisfies readonly ObjectKind[]

export interface EngineObject {
  readonly kind: ObjectKind
  readonly id: string
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  /** `ended`: a container that runs no more. `abandoned`: a task that the swarm lets run on without its service. None = anything else. */
  readonly state?: 'ended' | 'abandoned'
}

/** What a sweep is about: everything of one harness's at a stack's name, or of one run, or both. */
export interface Scope {
  /** Null = the name may be somebody else's by now: only what carries the run's id. */
  readonly stack: string | null
  /** Null = whichever run of ours has left it. */
  readonly run: string | null
}

/**
 * Ours by label alone: what stands at our stack's name without our label is `foreign`, named and never touched. Null = of no concern.
 * @param stacks all stacks of the engine: what begins with a longer stack's name is that one's
 */
export function ownerIn(
  { stack, run }: Scope,
  instance: string,
  object: EngineObject,
  stacks: readonly string[],
): 'ours' | 'foreign' | null {
  const isAtName = stack !== null && isOfStack(object, stack, stacks)
  if (object.labels[BERTH_LABELS.instance] !== instance) return isAtName ? 'foreign' : null
  const isOfRun = run !== null && object.labels[BERTH_LABELS.run] === run
  return isAtName || isOfRun ? 'ours' : null
}

/** The stack, or the project, that it is a part of by its client's word. */
export function stackOf({ labels }: EngineObject): string | undefined {
  return labels[STACK_LABEL] ?? labels[PROJECT_LABEL]
}

/** Whether it is something's own: a task's container goes with its service, and a task, too. */
export function standsAlone({ kind, labels }: EngineObject): boolean {
  return kind === 'container' ? labels[TASK_LABEL] === undefined : kind !== 'task'
}

/** The client's label decides; only what has none is judged by its name (`a_b_web` may be of stack `a`, or of `a_b`). */
function isOfStack(object: EngineObject, stack: string, stacks: readonly string[]): boolean {
  const { name } = object
  const namespace = stackOf(object)
  if (namespace !== undefined) return namespace === stack
  if (!name.startsWith(`${stack}_`)) return false
  const longer = stacks.filter((other) => other.startsWith(`${stack}_`))
  return !longer.some((other) => name.startsWith(`${other}_`))
}

/** The stacks that these objects are parts of. */
export function stacksOf(objects: readonly EngineObject[]): readonly string[] {
  return [...new Set(objects.flatMap((object) => stackOf(object) ?? []))]
}
