import type { Allow } from '../../../src/model/enginePolicy/allow.ts'

/** What a pull request may try, in a resolved file, with the key that is named, and what the trusted recipe may write to have it all the same. */
export interface Hostile {
  readonly what: string
  readonly service?: string
  readonly beside?: string
  readonly key: string
  /** null = no recipe can allow it. */
  readonly allow: Partial<Allow> | null
  readonly driver?: 'compose'
}

const mount = (source: string) => `volumes: [{ type: bind, source: ${source}, target: /x }]`
const label = (name: string, value = 'x') => `deploy: { labels: { '${name}': '${value}' } }`
const network = (text: string) => `networks: { net: { ${text} } }`
const volume = (text: string) => `volumes: { data: { ${text} } }`
const onProxy = (options: string) => ({
  service: `networks: { shared: ${options} }`,
  beside: 'networks: { shared: { name: proxy, external: true } }',
})
const S = 'services.app'

export const FILES_AND_MOUNTS: readonly Hostile[] = [
  {
    what: "a config from the host's files",
    beside: 'configs: { c: { file: /etc/shadow } }',
    key: 'configs.c.file',
    allow: null,
  },
  {
    what: 'a config from above the checkout',
    beside: 'configs: { c: { file: /state/files/../berth.db } }',
    key: 'configs.c.file',
    allow: null,
  },
  {
    what: 'a config from a folder with a like name',
    beside: 'configs: { c: { file: /state/files2/x } }',
    key: 'configs.c.file',
    allow: null,
  },
  {
    what: "a secret from the host's files",
    beside: 'secrets: { s: { file: /root/.ssh/id_rsa } }',
    key: 'secrets.s.file',
    allow: null,
  },
  {
    what: 'an env_file of the host',
    service: 'env_file: [/etc/environment]',
    key: `${S}.env_file[0]`,
    allow: null,
  },
  {
    what: 'an env_file above the checkout',
    service: 'env_file: ../../etc/environment',
    key: `${S}.env_file[0]`,
    allow: null,
  },
  {
    what: "compose's long env_file",
    service: 'env_file: [{ path: /etc/environment, required: false }]',
    key: `${S}.env_file[0]`,
    allow: null,
  },
  {
    what: 'a config from the environment of the client',
    beside: 'configs: { c: { environment: HOME } }',
    key: 'configs.c.environment',
    allow: null,
  },
  {
    what: 'a secret from the environment of the client',
    beside: 'secrets: { s: { environment: DOCKER_HOST } }',
    key: 'secrets.s.environment',
    allow: null,
  },
  {
    what: 'a secret from a plug-in',
    beside: 'secrets: { s: { driver: vault } }',
    key: 'secrets.s.driver',
    allow: null,
  },
  {
    what: 'a template by another driver',
    beside: 'configs: { c: { file: /state/files/c, template_driver: python } }',
    key: 'configs.c.template_driver',
    allow: null,
  },
  { what: 'the host as a bind mount', service: mount('/'), key: `${S}.volumes[0]`, allow: { mounts: ['/'] } },
  {
    what: 'a bind mount of the checkout',
    service: mount('/state/files/site'),
    key: `${S}.volumes[0]`,
    allow: { mounts: ['./site'] },
  },
  {
    what: 'a short bind mount',
    service: "volumes: ['/etc:/etc:ro']",
    key: `${S}.volumes[0]`,
    allow: { mounts: ['/etc:ro'] },
  },
  {
    what: "the engine's socket",
    service: mount('/var/run/docker.sock'),
    key: `${S}.volumes[0]`,
    allow: { mounts: ['/var/run/docker.sock'] },
  },
  {
    what: "the folder of the engine's socket",
    service: mount('/run'),
    key: `${S}.volumes[0]`,
    allow: { mounts: ['/run'] },
  },
  {
    what: 'a bind mount that hands mounts back to the host',
    service: 'volumes: [{ type: bind, source: /srv, target: /x, bind: { propagation: rshared } }]',
    key: `${S}.volumes[0].bind.propagation`,
    allow: null,
  },
  {
    what: 'the content of an image as a mount',
    service: 'volumes: [{ type: image, source: private, target: /x }]',
    key: `${S}.volumes[0].type`,
    allow: null,
  },
  {
    what: 'a cluster volume',
    service: 'volumes: [{ type: cluster, source: data, target: /x }]',
    beside: volume(''),
    key: `${S}.volumes[0]`,
    allow: null,
  },
  {
    what: 'a named pipe',
    service: 'volumes: [{ type: npipe, source: pipe, target: /x }]',
    key: `${S}.volumes[0]`,
    allow: null,
  },
  {
    what: 'a volume that nobody declares',
    service: "volumes: ['other_stack_data:/x']",
    key: `${S}.volumes[0]`,
    allow: null,
  },
  {
    what: 'a mount with options of its own',
    service: "volumes: ['data:/x:rshared']",
    beside: volume(''),
    key: `${S}.volumes[0]`,
    allow: null,
  },
  {
    what: 'a local volume that is a bind mount',
    beside: volume('driver: local, driver_opts: { type: none, o: bind, device: / }'),
    key: 'volumes.data.driver_opts',
    allow: { mounts: ['/'] },
  },
  {
    what: 'a local volume on an NFS server',
    beside: volume("driver_opts: { type: nfs, o: 'addr=10.0.0.1', device: ':/' }"),
    key: 'volumes.data.driver_opts',
    allow: { drivers: ['volume:local'] },
  },
  {
    what: 'a local volume on a disk of the host',
    beside: volume('driver_opts: { type: ext4, device: /dev/sda1 }'),
    key: 'volumes.data.driver_opts',
    allow: { drivers: ['volume:local'] },
  },
  {
    what: 'a volume as large as memory',
    beside: volume("driver_opts: { type: tmpfs, device: tmpfs, o: 'size=500g' }"),
    key: 'volumes.data.driver_opts',
    allow: { drivers: ['volume:local'] },
  },
  {
    what: 'a volume of a plug-in',
    beside: volume('driver: rclone'),
    key: 'volumes.data.driver',
    allow: { drivers: ['volume:rclone'] },
  },
  { what: 'a tmpfs without bound', service: "tmpfs: ['/run:size=900g']", key: `${S}.tmpfs[0]`, allow: null },
  {
    what: 'a tmpfs with options of its own',
    service: "tmpfs: ['/run:huge=always']",
    key: `${S}.tmpfs[0]`,
    allow: null,
  },
  {
    what: 'a long tmpfs without bound',
    service: 'volumes: [{ type: tmpfs, target: /x, tmpfs: { size: 900000000000 } }]',
    key: `${S}.volumes[0].tmpfs.size`,
    allow: null,
  },
  {
    what: "another container's volumes",
    service: 'volumes_from: [container:db]',
    key: `${S}.volumes_from`,
    allow: { keys: ['services.*.volumes_from'] },
  },
]

export const OTHERS_OBJECTS: readonly Hostile[] = [
  {
    what: "a canonical stack's volume",
    beside: volume('name: cloud_example_org_data, external: true'),
    key: 'volumes.data',
    allow: { external: ['volume:cloud_example_org_data'] },
  },
  {
    what: "a canonical stack's secret",
    beside: 'secrets: { s: { name: cloud_example_org_db_v1, external: true } }',
    key: 'secrets.s',
    allow: { external: ['secret:cloud_example_org_db_v1'] },
  },
  {
    what: "a canonical stack's config",
    beside: 'configs: { c: { external: { name: other } } }',
    key: 'configs.c',
    allow: { external: ['config:other'] },
  },
  {
    what: "a canonical stack's network",
    beside: network('name: cloud_example_org_internal, external: true'),
    key: 'networks.net',
    allow: { external: ['cloud_example_org_internal'] },
  },
  {
    what: 'a volume with the name of an allowed network',
    beside: volume('name: proxy, external: true'),
    key: 'volumes.data',
    allow: { external: ['volume:proxy'] },
  },
  {
    what: "an external object of one's own that nobody made",
    beside: 'secrets: { s: { name: site-pr7_ci_example_org_s_v1, external: true } }',
    key: 'secrets.s',
    allow: { external: ['secret:site-pr7_ci_example_org_s_v1'] },
  },
  {
    what: "the host's network as an external one",
    beside: network('name: host, external: true'),
    key: 'networks.net',
    allow: { external: ['host'], namespaces: ['network'] },
  },
  {
    what: "the engine's ingress network",
    beside: network('name: ingress, external: true'),
    key: 'networks.net',
    allow: { external: ['ingress'], namespaces: ['network'] },
  },
  {
    what: "a volume with another stack's name",
    beside: volume('name: cloud_example_org_data'),
    key: 'volumes.data',
    allow: null,
  },
  {
    what: "a network with another stack's name",
    beside: network('name: proxy'),
    key: 'networks.net',
    allow: null,
  },
  {
    what: 'a name that only begins like the stack',
    beside: 'configs: { c: { file: /state/files/c, name: site-pr7_ci_example_organic } }',
    key: 'configs.c',
    allow: null,
  },
  {
    what: 'a name that is no name',
    beside: volume("name: 'site-pr7_ci_example_org_{{ .Node.ID }}'"),
    key: 'volumes.data',
    allow: null,
  },
  {
    what: 'a name longer than the engine takes',
    beside: `secrets: { ${'s'.repeat(50)}: { file: /state/files/s } }`,
    key: `secrets.${'s'.repeat(50)}`,
    allow: null,
  },
  { what: "another stack's name for the file", beside: 'name: cloud_example_org', key: 'name', allow: null },
  {
    what: "a container with another stack's name",
    service: 'container_name: cloud_example_org_app',
    key: `${S}.container_name`,
    allow: null,
    driver: 'compose',
  },
  {
    what: "another stack's service name as a host name on a shared network",
    service: 'hostname: cloud_example_org_app\nnetworks: { shared: {} }',
    beside: onProxy('{}').beside,
    key: `${S}.hostname`,
    allow: { aliases: ['cloud_example_org_app'] },
  },
  {
    what: 'a short host name that others use on the default network, which is a shared one',
    service: 'hostname: traefik',
    beside: 'networks: { default: { name: proxy, external: true } }',
    key: `${S}.hostname`,
    allow: { aliases: ['traefik'] },
  },
  {
    what: 'an external secret without a swarm',
    beside: 'secrets: { s: { name: site-pr7_ci_example_org_s_v1, external: true } }',
    key: 'secrets.s',
    allow: null,
    driver: 'compose',
  },
  {
    what: 'an external config without a swarm',
    beside: 'configs: { c: { name: site-pr7_ci_example_org_c_v1, external: true } }',
    key: 'configs.c',
    allow: null,
    driver: 'compose',
  },
  {
    what: 'a template without a swarm',
    beside: 'configs: { c: { file: /state/files/c, template_driver: golang } }',
    key: 'configs.c.template_driver',
    allow: null,
    driver: 'compose',
  },
  {
    what: 'a link to another stack',
    service: 'external_links: [cloud_example_org_db]',
    key: `${S}.external_links`,
    allow: null,
  },
  {
    what: "another stack's service name on a shared network",
    ...onProxy('{ aliases: [cloud_example_org_app] }'),
    key: `${S}.networks.shared.aliases[0]`,
    allow: { aliases: ['cloud_example_org_app'] },
  },
  {
    what: 'a short name that others use on a shared network',
    ...onProxy('{ aliases: [traefik] }'),
    key: `${S}.networks.shared.aliases[0]`,
    allow: { aliases: ['traefik'] },
  },
  {
    what: 'a fixed address on a shared network',
    ...onProxy('{ ipv4_address: 10.0.0.2 }'),
    key: `${S}.networks.shared.ipv4_address`,
    allow: { keys: ['services.*.networks.*.ipv4_address'] },
  },
  { what: 'a forged run', service: 'labels: { berth.run: r0 }', key: `${S}.labels.berth.run`, allow: null },
  {
    what: 'a forged run on the service',
    service: label('berth.instance'),
    key: `${S}.deploy.labels.berth.instance`,
    allow: null,
  },
  {
    what: 'a forged stack',
    service: label('com.docker.stack.namespace', 'cloud'),
    key: `${S}.deploy.labels.com.docker.stack.namespace`,
    allow: null,
  },
  {
    what: 'a forged stack in a list',
    service: "labels: ['com.docker.stack.namespace=cloud']",
    key: `${S}.labels.com.docker.stack.namespace`,
    allow: null,
  },
  {
    what: 'a forged project on a volume',
    beside: volume('labels: { com.docker.compose.project: cloud }'),
    key: 'volumes.data.labels.com.docker.compose.project',
    allow: null,
  },
  {
    what: 'a forged run on a network',
    beside: network("labels: ['berth.run']"),
    key: 'networks.net.labels.berth.run',
    allow: null,
  },
  {
    what: 'a forged run on a secret',
    beside: 'secrets: { s: { file: /state/files/s, labels: { berth.run: x } } }',
    key: 'secrets.s.labels.berth.run',
    allow: null,
  },
  {
    what: 'a forged run on a config',
    beside: 'configs: { c: { file: /state/files/c, labels: { berth.run: x } } }',
    key: 'configs.c.labels.berth.run',
    allow: null,
  },
]

export const HOST: readonly Hostile[] = [
  {
    what: 'a port of the host, through ingress',
    service: 'ports: [{ mode: ingress, target: 80, published: 80, protocol: tcp }]',
    key: `${S}.ports[0]`,
    allow: { ports: ['80'] },
  },
  {
    what: 'a port of the host, directly',
    service: 'ports: [{ mode: host, target: 53, published: 53, protocol: udp }]',
    key: `${S}.ports[0]`,
    allow: { ports: ['53/udp'] },
  },
  {
    what: 'a port that the engine chooses',
    service: 'ports: [{ mode: ingress, target: 80 }]',
    key: `${S}.ports[0]`,
    allow: { ports: ['any'] },
  },
  {
    what: 'a short port',
    service: "ports: ['127.0.0.1:8080:80']",
    key: `${S}.ports[0]`,
    allow: { ports: ['8080'] },
  },
  {
    what: 'a range that goes beyond what is allowed',
    service: "ports: ['8080-8081:80-81/tcp']",
    key: `${S}.ports[0]`,
    allow: { ports: ['8080', '8081'] },
  },
  {
    what: 'more ports than anybody needs',
    service: "ports: [{ target: 80, published: '1-65535' }]",
    key: `${S}.ports[0].published`,
    allow: null,
  },
  { what: "the host's processes", service: 'pid: host', key: `${S}.pid`, allow: { namespaces: ['pid'] } },
  { what: "the host's IPC", service: 'ipc: host', key: `${S}.ipc`, allow: { namespaces: ['ipc'] } },
  {
    what: "the host's network",
    service: 'network_mode: host',
    key: `${S}.network_mode`,
    allow: { namespaces: ['network'] },
  },
  {
    what: "another container's network",
    service: 'network_mode: container:db',
    key: `${S}.network_mode`,
    allow: null,
  },
  { what: "another container's processes", service: 'pid: container:db', key: `${S}.pid`, allow: null },
  {
    what: 'the network that all containers without one share',
    service: 'network_mode: bridge',
    key: `${S}.network_mode`,
    allow: null,
  },
  {
    what: "the host's users",
    service: 'userns_mode: host',
    key: `${S}.userns_mode`,
    allow: { namespaces: ['userns'] },
  },
  {
    what: "the host's cgroups",
    service: 'cgroup: host',
    key: `${S}.cgroup`,
    allow: { namespaces: ['cgroup'] },
  },
  {
    what: "the host's cgroups, as swarm writes it",
    service: 'cgroupns_mode: host',
    key: `${S}.cgroupns_mode`,
    allow: { namespaces: ['cgroup'] },
  },
  { what: "the host's name", service: 'uts: host', key: `${S}.uts`, allow: { keys: ['services.*.uts'] } },
  { what: 'a cgroup of its own choice', service: 'cgroup_parent: /', key: `${S}.cgroup_parent`, allow: null },
  {
    what: 'a device',
    service: "devices: ['/dev/sda:/dev/sda']",
    key: `${S}.devices[0]`,
    allow: { devices: ['/dev/sda'] },
  },
  {
    what: 'a device, written long',
    service: 'devices: [{ source: /dev/kvm }]',
    key: `${S}.devices[0]`,
    allow: { devices: ['/dev/kvm'] },
  },
  {
    what: 'rules for devices',
    service: "device_cgroup_rules: ['a *:* rwm']",
    key: `${S}.device_cgroup_rules`,
    allow: { keys: ['services.*.device_cgroup_rules'] },
  },
  {
    what: 'graphics processors',
    service: 'gpus: all',
    key: `${S}.gpus`,
    allow: { keys: ['services.*.gpus'] },
  },
  {
    what: 'a reserved graphics processor',
    service: 'deploy: { resources: { reservations: { devices: [{ driver: nvidia }] } } }',
    key: `${S}.deploy.resources.reservations.devices[0]`,
    allow: { devices: ['nvidia'] },
  },
  {
    what: 'a reserved kind of hardware',
    service:
      'deploy: { resources: { reservations: { generic_resources: [{ discrete_resource_spec: { kind: gpu, value: 2 } }] } } }',
    key: `${S}.deploy.resources.reservations.generic_resources[0]`,
    allow: { devices: ['gpu'] },
  },
  {
    what: 'an added capability',
    service: 'cap_add: [CAP_SYS_ADMIN]',
    key: `${S}.cap_add[0]`,
    allow: { capabilities: ['SYS_ADMIN'] },
  },
  {
    what: 'all capabilities',
    service: 'cap_add: [all]',
    key: `${S}.cap_add[0]`,
    allow: { capabilities: ['ALL'] },
  },
  {
    what: 'a privileged container',
    service: 'privileged: true',
    key: `${S}.privileged`,
    allow: { privileged: true },
  },
  {
    what: 'a privileged container, as text',
    service: "privileged: 'yes'",
    key: `${S}.privileged`,
    allow: { privileged: true },
  },
  {
    what: 'no seccomp',
    service: "security_opt: ['seccomp=unconfined']",
    key: `${S}.security_opt[0]`,
    allow: { securityOptions: ['seccomp=unconfined'] },
  },
  {
    what: 'a setting of the kernel',
    service: "sysctls: { net.ipv4.ip_forward: '1' }",
    key: `${S}.sysctls.net.ipv4.ip_forward`,
    allow: { sysctls: ['net.ipv4.ip_forward'] },
  },
  {
    what: 'a credential file of the host',
    service: 'credential_spec: { file: x }',
    key: `${S}.credential_spec`,
    allow: null,
  },
  {
    what: 'another runtime',
    service: 'runtime: runc-unsafe',
    key: `${S}.runtime`,
    allow: { keys: ['services.*.runtime'] },
  },
  {
    what: 'no killer of memory hogs',
    service: 'oom_score_adj: -1000',
    key: `${S}.oom_score_adj`,
    allow: { keys: ['services.*.oom_score_adj'] },
  },
  {
    what: "the engine's socket by a key of its own",
    service: 'use_api_socket: true',
    key: `${S}.use_api_socket`,
    allow: { keys: ['services.*.use_api_socket'] },
  },
  {
    what: 'a program of the host as a provider',
    service: 'provider: { type: evil }',
    key: `${S}.provider`,
    allow: { keys: ['services.*.provider'] },
  },
  {
    what: 'privileged hooks',
    service: 'post_start: [{ command: id, privileged: true }]',
    key: `${S}.post_start`,
    allow: { keys: ['services.*.post_start'] },
  },
  { what: 'a build on the engine', service: 'build: { context: . }', key: `${S}.build`, allow: null },
  {
    what: 'a key that nobody knows',
    service: 'shiny_new: true',
    key: `${S}.shiny_new`,
    allow: { keys: ['services.*.shiny_new'] },
  },
  {
    what: 'a section that nobody knows',
    beside: 'models: { m: { model: x } }',
    key: 'models',
    allow: { keys: ['models'] },
  },
  {
    what: 'other files to include',
    beside: 'include: [oci://evil.example/x]',
    key: 'include',
    allow: { keys: ['include'] },
  },
]

export const NETWORKS_AND_LOGS: readonly Hostile[] = [
  {
    what: "a network on the host's own",
    beside: network('driver: macvlan, driver_opts: { parent: eth0 }'),
    key: 'networks.net.driver',
    allow: { drivers: ['network:macvlan'] },
  },
  {
    what: "a network's option that nobody knows",
    beside: network('driver_opts: { com.docker.network.bridge.name: docker0 }'),
    key: 'networks.net.driver_opts.com.docker.network.bridge.name',
    allow: null,
  },
  {
    what: 'addresses that may be others’',
    beside: network('ipam: { config: [{ subnet: 192.168.0.0/16 }] }'),
    key: 'networks.net.ipam.config[0]',
    allow: { subnets: ['192.168.0.0/16'] },
  },
  {
    what: 'a gateway of its own',
    beside: network('ipam: { config: [{ subnet: 192.168.0.0/16, gateway: 192.168.0.1 }] }'),
    key: 'networks.net.ipam.config[0]',
    allow: null,
  },
  {
    what: 'an address plug-in',
    beside: network('ipam: { driver: dhcp }'),
    key: 'networks.net.ipam.driver',
    allow: null,
  },
  {
    what: 'logs sent elsewhere',
    service: "logging: { driver: syslog, options: { syslog-address: 'tcp://10.0.0.1' } }",
    key: `${S}.logging`,
    allow: { drivers: ['logging:syslog'] },
  },
  {
    what: "logs in the host's journal",
    service: 'logging: { driver: journald }',
    key: `${S}.logging`,
    allow: { drivers: ['logging:journald'] },
  },
  {
    what: "an option of the engine's own log driver that nobody knows",
    service: 'logging: { driver: json-file, options: { path: /etc/x } }',
    key: `${S}.logging.options.path`,
    allow: { keys: ['services.*.logging.options.path'] },
  },
  {
    what: 'a name for an address of the host',
    service: "extra_hosts: ['host:host-gateway']",
    key: `${S}.extra_hosts`,
    allow: { extraHosts: ['host:host-gateway'] },
  },
  { what: 'a name server', service: 'dns: [10.0.0.53]', key: `${S}.dns[0]`, allow: { dns: ['10.0.0.53'] } },
  {
    what: 'options for names',
    service: 'dns_opt: [ndots:9]',
    key: `${S}.dns_opt`,
    allow: { keys: ['services.*.dns_opt'] },
  },
  {
    what: 'an address of its own',
    service: "mac_address: '02:42:ac:11:00:02'",
    key: `${S}.mac_address`,
    allow: { keys: ['services.*.mac_address'] },
  },
]

export const RESOURCES: readonly Hostile[] = [
  {
    what: 'more replicas than the engine bears',
    service: 'deploy: { replicas: 1000 }',
    key: `${S}.deploy.replicas`,
    allow: { replicas: 1000 },
  },
  { what: "more of compose's replicas", service: 'scale: 6', key: `${S}.scale`, allow: { replicas: 6 } },
  {
    what: 'all memory of the engine, reserved',
    service: 'deploy: { resources: { reservations: { memory: 900g } } }',
    key: `${S}.deploy.resources.reservations.memory`,
    allow: null,
  },
  {
    what: 'all processors of the engine, reserved',
    service: "deploy: { resources: { reservations: { cpus: '64' } } }",
    key: `${S}.deploy.resources.reservations.cpus`,
    allow: null,
  },
  { what: 'real-time priority', service: 'ulimits: { rtprio: 99 }', key: `${S}.ulimits.rtprio`, allow: null },
  {
    what: 'more open files than there can be',
    service: 'ulimits: { nofile: { soft: 1000, hard: 1000000000 } }',
    key: `${S}.ulimits.nofile`,
    allow: null,
  },
  {
    what: 'a container that teardown waits for',
    service: 'stop_grace_period: 10h',
    key: `${S}.stop_grace_period`,
    allow: null,
  },
  { what: 'shared memory without bound', service: 'shm_size: 900g', key: `${S}.shm_size`, allow: null },
  {
    what: 'an update that never ends',
    service: 'deploy: { update_config: { delay: 900h } }',
    key: `${S}.deploy.update_config.delay`,
    allow: null,
  },
]

export const ROUTING: readonly Hostile[] = [
  {
    what: "a canonical stack's domain",
    service: label('traefik.http.routers.site-pr7_ci_example_org.rule', 'Host(`cloud.example.org`)'),
    key: `${S}.deploy.labels.traefik.http.routers.site-pr7_ci_example_org.rule`,
    allow: { hosts: ['cloud.example.org'] },
  },
  {
    what: 'every domain there is',
    service: label(
      'traefik.http.routers.site-pr7_ci_example_org.rule',
      'Host(`site-pr7.ci.example.org`) || PathPrefix(`/`)',
    ),
    key: `${S}.deploy.labels.traefik.http.routers.site-pr7_ci_example_org.rule`,
    allow: null,
  },
  {
    what: "the name of another stack's router",
    service: label('traefik.http.routers.cloud_example_org.rule', 'Host(`site-pr7.ci.example.org`)'),
    key: `${S}.deploy.labels.traefik.http.routers.cloud_example_org.rule`,
    allow: { labels: ['traefik.http.routers.cloud_example_org.'] },
  },
  {
    what: "a router's name that only begins like the stack's",
    service: label(
      'traefik.http.routers.site-pr7_ci_example_organic.rule',
      'Host(`site-pr7.ci.example.org`)',
    ),
    key: `${S}.deploy.labels.traefik.http.routers.site-pr7_ci_example_organic.rule`,
    allow: { labels: ['traefik.http.routers.'] },
  },
  {
    what: 'a key in other letters',
    service: label('TRAEFIK.HTTP.Routers.cloud.Rule', 'Host(`cloud.example.org`)'),
    key: `${S}.deploy.labels.TRAEFIK.HTTP.Routers.cloud.Rule`,
    allow: { labels: ['TRAEFIK.HTTP.Routers.cloud.Rule'] },
  },
  {
    what: 'all TCP connections',
    service: label('traefik.tcp.routers.site-pr7_ci_example_org.rule', 'HostSNI(`*`)'),
    key: `${S}.deploy.labels.traefik.tcp.routers.site-pr7_ci_example_org.rule`,
    allow: { hosts: ['*'] },
  },
  {
    what: 'all UDP packets',
    service: label('traefik.udp.routers.site-pr7_ci_example_org.entrypoints', 'dns'),
    key: `${S}.deploy.labels.traefik.udp.routers.site-pr7_ci_example_org.entrypoints`,
    allow: { labels: ['traefik.udp.'] },
  },
  {
    what: "the proxy's own pages",
    service: label('traefik.http.routers.site-pr7_ci_example_org.service', 'api@internal'),
    key: `${S}.deploy.labels.traefik.http.routers.site-pr7_ci_example_org.service`,
    allow: { labels: ['traefik.http.routers.site-pr7_ci_example_org.service'] },
  },
  {
    what: 'a certificate of another domain',
    service: label('traefik.http.routers.site-pr7_ci_example_org.tls.domains[0].main', 'example.org'),
    key: `${S}.deploy.labels.traefik.http.routers.site-pr7_ci_example_org.tls.domains[0].main`,
    allow: { hosts: ['example.org'] },
  },
  {
    what: 'the proxy as a door to other addresses',
    service: label(
      'traefik.http.services.site-pr7_ci_example_org.loadbalancer.server.url',
      'http://10.0.0.1',
    ),
    key: `${S}.deploy.labels.traefik.http.services.site-pr7_ci_example_org.loadbalancer.server.url`,
    allow: { labels: ['traefik.http.services.'] },
  },
  {
    what: "a file of the proxy's",
    service: label('traefik.http.middlewares.site-pr7_ci_example_org-a.basicauth.usersfile', '/etc/passwd'),
    key: `${S}.deploy.labels.traefik.http.middlewares.site-pr7_ci_example_org-a.basicauth.usersfile`,
    allow: { labels: ['traefik.http.middlewares.'] },
  },
  {
    what: 'an order to a program beside the engine',
    service: label('swarm.cronjob.enable', 'true'),
    key: `${S}.deploy.labels.swarm.cronjob.enable`,
    allow: { labels: ['swarm.cronjob.'] },
  },
  {
    what: 'an order to another proxy',
    service: label('caddy', '(snippet)'),
    key: `${S}.deploy.labels.caddy`,
    allow: { labels: ['caddy'] },
  },
]
