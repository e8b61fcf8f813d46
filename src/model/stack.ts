import { type Allow, DEFAULT_ALLOW, NAMESPACES } from './enginePolicy/allow.ts'
import {
  type Fields,
  fieldsOf,
  flagOf,
  listOf,
  numberOf,
  oneOf,
  optional,
  textMapOf,
  textOf,
  textsOf,
} from './read.ts'

/** What a recipe of the drivers `compose` and `swarm` deploys. */
export interface StackRule {
  /** Names in the checkout, in order; none = `.env.sample` says which (Co-op Cloud). */
  readonly files: readonly string[]
  readonly coopCloud: boolean
  /** For the variables of the compose files, and for nothing else. */
  readonly env: Readonly<Record<string, string>>
}

/** Where the engine is, by the operator's word. */
export interface EngineRule {
  /** `unix:///path` or `tcp://host:port`; null = the usual socket. */
  readonly host: string | null
  /** Folder with ca.pem, cert.pem and key.pem; null = no TLS. */
  readonly certPath: string | null
  /** The operator's `DOCKER_CONFIG`, with the registries' credentials; null = none. */
  readonly configDir: string | null
}

/** A stack as `request.json` keeps it: all that teardown needs of it, too. */
export interface StackRequest extends StackRule {
  readonly allow: Allow
  readonly isFork: boolean
  readonly engine: EngineRule
}

export function readStack(fields: Fields, key: string): StackRequest {
  const stack = fieldsOf(fields[key], key)
  const engine = fieldsOf(stack['engine'], 'engine')
  return {
    files: textsOf(stack, 'files'),
    coopCloud: flagOf(stack, 'coopCloud'),
    env: textMapOf(stack, 'env'),
    allow: readAllow(fieldsOf(stack['allow'], 'allow')),
    isFork: flagOf(stack, 'isFork'),
    engine: {
      host: optional(engine, 'host', textOf),
      certPath: optional(engine, 'certPath', textOf),
      configDir: optional(engine, 'configDir', textOf),
    },
  }
}

/** What an older berth did not know of is not allowed. */
function readAllow(fields: Fields): Allow {
  const given: Fields = { ...DEFAULT_ALLOW, ...fields }
  return {
    external: textsOf(given, 'external'),
    mounts: textsOf(given, 'mounts'),
    ports: textsOf(given, 'ports'),
    capabilities: textsOf(given, 'capabilities'),
    devices: textsOf(given, 'devices'),
    namespaces: listOf(given, 'namespaces', (value) => oneOf({ value }, 'value', NAMESPACES)),
    privileged: flagOf(given, 'privileged'),
    securityOptions: textsOf(given, 'securityOptions'),
    sysctls: textsOf(given, 'sysctls'),
    drivers: textsOf(given, 'drivers'),
    subnets: textsOf(given, 'subnets'),
    hosts: textsOf(given, 'hosts'),
    labels: textsOf(given, 'labels'),
    aliases: textsOf(given, 'aliases'),
    extraHosts: textsOf(given, 'extraHosts'),
    dns: textsOf(given, 'dns'),
    replicas: numberOf(given, 'replicas'),
    keys: textsOf(given, 'keys'),
    forks: flagOf(given, 'forks'),
  }
}
