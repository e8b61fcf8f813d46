/** Namespaces of the host that `allow.namespaces` can name. */
export const NAMESPACES = ['cgroup', 'ipc', 'network', 'pid', 'userns'] as const
export type Namespace = (typeof NAMESPACES)[number]

/** What the trusted recipe loosens of the engine policy, line by line. Nothing in it comes from a pull request. */
export interface Allow {
  /** Objects that others have made: `proxy` or `network:proxy`, `volume:x`, `secret:x`, `config:x`. */
  readonly external: readonly string[]
  /** Paths of the host, each exactly as it may be mounted; `:ro` = only for reading. */
  readonly mounts: readonly string[]
  /** `8080` or `8080/tcp`, `53/udp`; `any` = a port that the engine chooses. */
  readonly ports: readonly string[]
  /** Without `CAP_`. */
  readonly capabilities: readonly string[]
  /** Paths of devices on the host; `gpu` and the like for reserved kinds. */
  readonly devices: readonly string[]
  readonly namespaces: readonly Namespace[]
  readonly privileged: boolean
  readonly securityOptions: readonly string[]
  readonly sysctls: readonly string[]
  /** `logging:syslog`, `volume:nfs`, `network:macvlan`: the driver with all its options. */
  readonly drivers: readonly string[]
  /** Of networks, as `10.9.0.0/24`. */
  readonly subnets: readonly string[]
  /** Further names that a router of a shared proxy may answer for; `*` = every one. */
  readonly hosts: readonly string[]
  /** Further labels, by how they begin. */
  readonly labels: readonly string[]
  /** Further names that a service may have on an external network. */
  readonly aliases: readonly string[]
  /** `name:address`, as in `extra_hosts`. */
  readonly extraHosts: readonly string[]
  /** Addresses of name servers. */
  readonly dns: readonly string[]
  /** Of one service, at most. */
  readonly replicas: number
  /** Further keys, taken over without a look: `services.*.runtime`. */
  readonly keys: readonly string[]
  /** All of this is for forks, too. */
  readonly forks: boolean
}

export const DEFAULT_ALLOW: Allow = {
  external: ['proxy'],
  mounts: [],
  ports: [],
  capabilities: [],
  devices: [],
  namespaces: [],
  privileged: false,
  securityOptions: [],
  sysctls: [],
  drivers: [],
  subnets: [],
  hosts: [],
  labels: [],
  aliases: [],
  extraHosts: [],
  dns: [],
  replicas: 5,
  keys: [],
  forks: false,
}

/** What of it is in force. Where forks are not meant, a fork has the defaults, and no external object that the recipe does not have. */
export function allowInForce(allow: Allow, isFork: boolean): Allow {
  if (!isFork || allow.forks) return allow
  return {
    ...DEFAULT_ALLOW,
    external: DEFAULT_ALLOW.external.filter(
      (name) => allow.external.includes(name) || allow.external.includes(`network:${name}`),
    ),
    replicas: Math.min(DEFAULT_ALLOW.replicas, allow.replicas),
  }
}
