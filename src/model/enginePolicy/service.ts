import { networks } from './attachments.ts'
import { deploy, memory, replicas } from './deploy.ts'
import { envFiles } from './files.ts'
import { labels } from './labels.ts'
import { bytes, count, lasting, processors, tmpfs, ulimits } from './limits.ts'
import { logging } from './logging.ts'
import { keys, type Look, listOf, mapOf, never, plain, text, texts, word } from './look.ts'
import { mounts } from './mounts.ts'
import { declaredIn } from './names.ts'
import { ports } from './ports.ts'
import {
  capabilities,
  containerName,
  devices,
  dns,
  extraHosts,
  namespace,
  privileged,
  securityOptions,
  sysctls,
} from './privileges.ts'

/** A container that ignores TERM holds up teardown for so long, which has its own budget (10 min unless the operator says otherwise). */
const MOST_GRACE_MS = 2 * 60_000
const MOST_SHARED_BYTES = 2 ** 30
const HOUR_MS = 3_600_000

/** Never an option for a program that gets it as a word of its command line. */
const IMAGE = text(/^[a-zA-Z0-9][\w.:/@+-]{0,511}$/, 'the name of an image')

const reference = (section: 'configs' | 'secrets'): Look => {
  const source = declaredIn(section)
  const long = keys({ source, target: plain, uid: plain, gid: plain, mode: plain })
  return listOf((value, at) => (typeof value === 'string' ? source(value, at) : long(value, at)))
}

const command: Look = (value, at) =>
  Array.isArray(value) ? listOf(plain, 1000)(value, at) : plain(value, at)

const dependency = mapOf(keys({ condition: plain, required: plain, restart: plain }))
const dependencies: Look = (value, at) =>
  Array.isArray(value) ? listOf(plain)(value, at) : dependency(value, at)

const healthcheck = keys({
  test: command,
  interval: lasting(HOUR_MS),
  timeout: lasting(HOUR_MS),
  retries: count(10_000),
  start_period: lasting(HOUR_MS),
  start_interval: lasting(HOUR_MS),
  disable: plain,
})

/** What no recipe can allow, whatever it says. */
export const NEVER: Readonly<Record<string, { readonly why: string; readonly wayOut: string }>> = {
  build: {
    why: 'builds an image on the engine, from files and addresses that nobody has looked at',
    wayOut: 'name an image that is built elsewhere',
  },
  credential_spec: { why: "reads a file of the engine's own host", wayOut: 'leave it out' },
  cgroup_parent: { why: 'leaves the place where the engine keeps its containers', wayOut: 'leave it out' },
  external_links: {
    why: "links to another stack's containers",
    wayOut: 'use an external network that the recipe allows',
  },
}

/** All that a service may say. */
const shape: Readonly<Record<string, Look>> = {
  image: IMAGE,
  command,
  entrypoint: command,
  environment: texts,
  env_file: envFiles,
  user: plain,
  group_add: listOf(plain),
  working_dir: plain,
  hostname: plain,
  domainname: plain,
  container_name: containerName,
  platform: plain,
  pull_policy: word('always', 'missing', 'if_not_present', 'never'),
  profiles: listOf(plain),
  init: plain,
  tty: plain,
  stdin_open: plain,
  read_only: plain,
  restart: text(
    /^(?:no|false|always|unless-stopped|on-failure(?::\d+)?)$/,
    'no, always, unless-stopped or on-failure',
  ),
  stop_signal: text(/^(?:SIG)?[A-Z0-9+-]{1,12}$/, 'the name of a signal'),
  stop_grace_period: lasting(MOST_GRACE_MS),
  healthcheck,
  depends_on: dependencies,
  links: listOf(text(/^[\w.-]+(?::[\w.-]+)?$/, 'a service of this file')),
  expose: listOf(plain),
  scale: replicas,
  deploy,
  labels,
  logging,
  networks,
  ports,
  volumes: mounts,
  configs: reference('configs'),
  secrets: reference('secrets'),
  tmpfs,
  ulimits,
  shm_size: bytes(MOST_SHARED_BYTES),
  mem_limit: memory,
  memswap_limit: memory,
  mem_reservation: memory,
  cpus: processors,
  pids_limit: plain,
  cap_add: capabilities,
  cap_drop: listOf(plain),
  privileged,
  security_opt: securityOptions,
  sysctls,
  devices,
  pid: namespace('pid'),
  ipc: namespace('ipc'),
  network_mode: namespace('network'),
  userns_mode: namespace('userns'),
  cgroup: namespace('cgroup'),
  cgroupns_mode: namespace('cgroup'),
  extra_hosts: extraHosts,
  dns,
  dns_search: listOf(plain),
  ...Object.fromEntries(Object.entries(NEVER).map(([key, { why, wayOut }]) => [key, never(why, wayOut)])),
}

export const service: Look = keys(shape)
export const SERVICE_KEYS: ReadonlySet<string> = new Set(Object.keys(shape))
