import { z } from 'zod'
import { wordField } from '../config/fields.ts'
import { type Allow, DEFAULT_ALLOW, NAMESPACES } from '../model/enginePolicy/allow.ts'

const MOST_REPLICAS = 1000

const external = wordField(
  /^(?:(?:network|volume|secret|config):)?[a-zA-Z0-9][a-zA-Z0-9_.-]*$/,
  "the name of a network, or volume:NAME, secret:NAME or config:NAME, as 'docker network ls' and the like show it",
)
/** Exactly what a file may name: no folder stands for what is in it, since links in it lead elsewhere. */
const mountPath = wordField(
  /^\.?\/(?!(?:.*\/)?\.{1,2}(?:\/|:ro$|$))(?!.*\/\/).*$/,
  'a path of the host, /srv/data, or of the checkout, ./site, without . and .. in it; with :ro at its end for reading only',
)
const port = z.union(
  [
    z.int().min(1).max(65_535).transform(String),
    wordField(/^(?:any|\d{1,5}(?:\/(?:tcp|udp|sctp))?)$/, 'a port such as 8080 or 53/udp, or any'),
  ],
  {
    error: 'must be a port such as 8080 or 53/udp, or any',
  },
)
const capability = wordField(/^(?!CAP_)[A-Z_]+$/, 'the name of a capability without CAP_, such as NET_ADMIN')
const driver = wordField(/^(?:logging|volume|network):.+$/, 'logging:NAME, volume:NAME or network:NAME')
const key = wordField(/^[a-z_]+(?:\.[a-z_*-]+|\[\])*$/, 'a key with * for names, such as services.*.runtime')
const some = z.string().min(1)

function list(item: z.ZodType<string>, of: readonly string[], text: string) {
  return z
    .array(item)
    .default([...of])
    .describe(text)
}

/** What a recipe loosens of the engine policy. Whoever can write recipes can have the engine do anything; a pull request cannot. */
export const allowSchema = z
  .strictObject({
    external: list(
      external,
      DEFAULT_ALLOW.external,
      'Objects that others have made and a stack may use: proxy is a network; volume:NAME, secret:NAME, config:NAME.',
    ),
    mounts: list(
      mountPath,
      DEFAULT_ALLOW.mounts,
      'Paths that may be mounted, each exactly so: of the host (/srv/data), or copies from the checkout (./site); :ro = for reading only.',
    ),
    ports: list(
      port,
      DEFAULT_ALLOW.ports,
      'Ports of the host that may be published: 8080, 53/udp; any = one that the engine chooses.',
    ),
    capabilities: list(
      capability,
      DEFAULT_ALLOW.capabilities,
      'Capabilities that may be added, such as NET_ADMIN.',
    ),
    devices: list(
      some,
      DEFAULT_ALLOW.devices,
      'Devices of the host, such as /dev/fuse, and reserved kinds of hardware.',
    ),
    namespaces: z
      .array(z.enum(NAMESPACES))
      .default([...DEFAULT_ALLOW.namespaces])
      .describe('Namespaces of the host that a service may share.'),
    privileged: z
      .boolean()
      .default(DEFAULT_ALLOW.privileged)
      .describe('Privileged containers: root of the host.'),
    securityOptions: list(
      some,
      DEFAULT_ALLOW.securityOptions,
      'Options under security_opt, each exactly so.',
    ),
    sysctls: list(some, DEFAULT_ALLOW.sysctls, "Settings of the kernel for a container's own namespaces."),
    drivers: list(
      driver,
      DEFAULT_ALLOW.drivers,
      'Drivers with all their options: logging:syslog, volume:NAME, network:macvlan.',
    ),
    subnets: list(some, DEFAULT_ALLOW.subnets, 'Addresses that a network may choose, such as 10.9.0.0/24.'),
    hosts: list(
      some,
      DEFAULT_ALLOW.hosts,
      "Names besides the run's domain that labels may have a shared proxy answer for; * = all.",
    ),
    labels: list(
      some,
      DEFAULT_ALLOW.labels,
      'Labels that are orders to programs beside the engine, by how they begin.',
    ),
    aliases: list(some, DEFAULT_ALLOW.aliases, 'Names that a service may answer to on an external network.'),
    extraHosts: list(some, DEFAULT_ALLOW.extraHosts, 'Lines under extra_hosts, as name:address.'),
    dns: list(some, DEFAULT_ALLOW.dns, 'Name servers.'),
    replicas: z
      .int()
      .min(1)
      .max(MOST_REPLICAS)
      .default(DEFAULT_ALLOW.replicas)
      .describe('Of one service at most.'),
    keys: list(key, DEFAULT_ALLOW.keys, 'Further keys that nobody looks at, such as services.*.runtime.'),
    forks: z.boolean().default(DEFAULT_ALLOW.forks).describe("All of this is for forks' code, too."),
  })
  .describe(
    'What a pull request may have of the engine besides containers, volumes and networks of its own.',
  ) satisfies z.ZodType<Allow>
