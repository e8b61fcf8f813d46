import { labels } from './labels.ts'
import { bytes, bytesOf, count, lasting, processors } from './limits.ts'
import { type At, allowing, isMap, keys, type Look, listOf, plain, refuse, text, word } from './look.ts'

const HOUR_MS = 3_600_000
/** So much of the engine a service may keep from others: reserved is taken, used or not. */
const MOST_RESERVED_BYTES = 4 * 2 ** 30
const MOST_RESERVED_PROCESSORS = 4
const MOST_MEMORY = 2 ** 50

const rollout = keys({
  parallelism: count(100),
  delay: lasting(HOUR_MS),
  failure_action: word('continue', 'pause', 'rollback'),
  monitor: lasting(HOUR_MS),
  max_failure_ratio: text(/^(?:0(?:\.\d+)?|1(?:\.0+)?)$/, 'a ratio from 0 to 1'),
  order: word('start-first', 'stop-first'),
})

/** How many of a service there may be at a time. */
export const replicas: Look = (value, at) => {
  const most = at.scene.allow.replicas
  return count(
    most,
    `write at most ${most}, or have the operator write allow: { replicas: ${String(value)} } in the recipe`,
  )(value, at)
}

/** Special hardware, by its kind or driver. */
const reservedKinds: Look = listOf((value, at) => {
  const kind = kindOf(value)
  if (kind !== null && at.scene.allow.devices.includes(kind)) return value
  return refuse(at, `reserves ${kind ?? 'a device'} of the host`, allowing(`devices: [${kind ?? 'gpu'}]`))
})

function kindOf(value: unknown): string | null {
  if (!isMap(value)) return null
  const generic = value['discrete_resource_spec']
  const kind = isMap(generic) ? generic['kind'] : value['driver']
  return typeof kind === 'string' ? kind : null
}

function reserved(value: unknown, at: At): unknown {
  if (Number(processors(value, at)) <= MOST_RESERVED_PROCESSORS) return value
  return refuse(at, `reserves more than ${MOST_RESERVED_PROCESSORS} processors`, 'reserve fewer')
}

const resources = keys({
  limits: keys({ cpus: processors, memory: bytes(MOST_MEMORY), pids: plain }),
  reservations: keys({
    cpus: reserved,
    memory: bytes(MOST_RESERVED_BYTES),
    generic_resources: reservedKinds,
    devices: reservedKinds,
  }),
})

export const deploy: Look = keys({
  mode: word('replicated', 'global', 'replicated-job', 'global-job'),
  replicas,
  endpoint_mode: word('vip', 'dnsrr'),
  labels,
  update_config: rollout,
  rollback_config: rollout,
  resources,
  restart_policy: keys({
    condition: word('none', 'on-failure', 'any', 'always', 'unless-stopped'),
    delay: lasting(HOUR_MS),
    max_attempts: count(1_000_000),
    window: lasting(HOUR_MS),
  }),
  placement: keys({
    constraints: listOf(plain),
    preferences: listOf(keys({ spread: plain })),
    max_replicas_per_node: count(1000),
  }),
})

/** Bytes of a limit, for whoever compares. */
export const memory: Look = (value, at) =>
  bytesOf(value) === null && Number(value) !== -1 ? bytes(MOST_MEMORY)(value, at) : value
