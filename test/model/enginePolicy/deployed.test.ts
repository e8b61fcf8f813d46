import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { doubledDollars, singleDollars } from '../../../src/model/enginePolicy/dollars.ts'
import { isMap } from '../../../src/model/enginePolicy/look.ts'
import { labelled } from '../../../src/model/enginePolicy/ours.ts'
import { hostsOnly } from '../../../src/model/enginePolicy/routingRule.ts'
import { holdAgainstPolicy } from '../../../src/model/enginePolicy.ts'
import { DOMAIN, held, LABELS, refusalsOf, STACK, scene } from './policyScene.ts'

type Part = Readonly<Record<string, unknown>>

/** As `docker stack config` prints a recipe of Co-op Cloud with a database, an overlay and configs. */
const COOP_CLOUD = parse(`
version: "3.8"
services:
  app:
    command: [serve]
    configs:
      - { source: entrypoint, target: /docker-entrypoint.sh, mode: 365 }
    depends_on: [db]
    deploy:
      labels:
        backupbot.backup: "true"
        backupbot.backup.pre-hook: sh -c 'dump'
        coop-cloud.${STACK}.version: 1.2.0+2.14.1
        coop-cloud.${STACK}.timeout: "300"
        traefik.enable: "true"
        traefik.docker.network: proxy
        traefik.http.routers.${STACK}.rule: Host(\`${DOMAIN}\`,\`www.${DOMAIN}\`)
        traefik.http.routers.${STACK}.entrypoints: web-secure
        traefik.http.routers.${STACK}.tls.certresolver: production
        traefik.http.routers.${STACK}.middlewares: ${STACK}-redirect
        traefik.http.routers.${STACK}_fed.rule: Host(\`${DOMAIN}\`) && (PathPrefix(\`/a\`) || Path(\`/b\`))
        traefik.http.middlewares.${STACK}-redirect.headers.SSLForceHost: "true"
        traefik.http.services.${STACK}.loadbalancer.server.port: "8080"
      update_config: { failure_action: rollback, order: start-first }
      rollback_config: { order: start-first }
      restart_policy: { condition: on-failure, max_attempts: 3, delay: 1m0s }
      placement: { constraints: [node.role == manager] }
      resources: { limits: { cpus: "0.5", memory: "52428800" } }
    entrypoint: [/docker-entrypoint.sh]
    environment: { DOMAIN: ${DOMAIN}, PORT: 8080, NOPE: null }
    env_file: [sub/app.env]
    healthcheck: { test: [CMD, curl, -f, "http://localhost"], interval: 30s, timeout: 10s, retries: 10, start_period: 1m0s }
    hostname: '{{.Node.Hostname}}'
    image: example/app:2.14.1
    logging: { driver: json-file, options: { max-size: 1m } }
    networks: { internal: null, proxy: null }
    secrets: [{ source: db_password }]
    stop_grace_period: 1m0s
    tmpfs: [/run]
    ulimits: { nofile: 65536, memlock: { soft: -1, hard: -1 } }
    volumes:
      - { type: volume, source: data, target: /data, volume: { nocopy: true } }
      - { type: volume, target: /anonymous }
      - { type: tmpfs, target: /tmp, tmpfs: { size: 1000000 } }
  db:
    image: postgres:13-alpine
networks:
  internal: {}
  proxy: { name: proxy, external: true }
volumes:
  data: {}
secrets:
  db_password: { name: ${STACK}_db_password_v1, external: true }
configs:
  entrypoint: { name: ${STACK}_entrypoint_v1, file: /state/files/entrypoint.sh.tmpl, template_driver: golang }
x-common: { privileged: true }
`)

const MADE = [`secret:${STACK}_db_password_v1`]

function deployed(file: unknown, scope = scene({}, { made: MADE })): Part {
  const result = holdAgainstPolicy(file, scope)
  expect(refusalsOf(result)).toEqual([])
  return 'file' in result ? result.file : {}
}

function partsOf(file: Part, section: string): readonly (readonly [string, Part])[] {
  const parts = file[section]
  return Object.entries(isMap(parts) ? parts : {}).map(([key, part]) => [key, isMap(part) ? part : {}])
}

function expectOurs(file: Part): void {
  for (const [, service] of partsOf(file, 'services')) {
    expect(service['labels']).toMatchObject(LABELS)
    expect(service['deploy']).toMatchObject({ labels: LABELS })
  }
  for (const section of ['networks', 'volumes', 'secrets', 'configs']) {
    for (const [, object] of partsOf(file, section)) {
      if (object['external'] === true) continue
      expect(object['labels']).toMatchObject(LABELS)
      const name = object['name'] ?? `${STACK}_x`
      expect(String(name).startsWith(`${STACK}_`)).toBe(true)
    }
  }
}

/** As `docker compose config` prints it. */
const COMPOSE = parse(`
name: ${STACK}
services:
  app:
    command: null
    depends_on: { db: { condition: service_healthy, required: true } }
    entrypoint: null
    environment: { A: b }
    healthcheck: { test: [CMD, "true"], interval: 1m30s, timeout: 10s }
    image: nginx
    mem_limit: "67108864"
    networks: { default: null, own: { aliases: [web] } }
    ports: [{ mode: ingress, target: 80, published: "8080", protocol: tcp }]
    volumes:
      - { type: volume, source: data, target: /data, volume: {} }
    secrets: [{ source: key, target: /run/secrets/key }]
  db: { command: null, entrypoint: null, image: db, networks: { default: null }, restart: unless-stopped }
networks:
  default: { name: ${STACK}_default, ipam: {} }
  own: { name: ${STACK}_own, driver: bridge }
volumes: { data: { name: ${STACK}_data } }
secrets: { key: { name: ${STACK}_key, file: /state/files/key } }
`)

/** As docker-compose 1.29 prints it. */
const OLD_COMPOSE = parse(`
version: '3.8'
services:
  app:
    depends_on: [db]
    environment: { A: b }
    image: nginx
    ports: [8080:80/tcp]
    volumes: [data:/data:rw, /anonymous]
  db: { image: db }
volumes: { data: {} }
`)

describe('what is deployed', () => {
  test.each([
    ['docker compose', COMPOSE],
    ['docker-compose 1.29', OLD_COMPOSE],
  ])(
    'R-DKR-15 R-DKR-11 a file as %s prints it passes, with our labels on all that it makes',
    (_, printed) => {
      const file = deployed(printed, scene({ ports: ['8080'] }, { driver: 'compose' }))
      for (const [, service] of partsOf(file, 'services')) expect(service['labels']).toEqual(LABELS)
      for (const section of ['networks', 'volumes', 'secrets'])
        for (const [, object] of partsOf(file, section)) expect(object['labels']).toEqual(LABELS)
      expect(partsOf(file, 'networks').map(([key]) => key)).toContain('default')
    },
  )

  test('R-DKR-15 R-DKR-06 a recipe of Co-op Cloud passes as it is, with our labels on all that it makes', () => {
    const file = deployed(COOP_CLOUD)
    expectOurs(file)
    const app = COOP_CLOUD.services.app
    const { env_file: _, ...kept } = app
    expect(file['services']).toMatchObject({
      app: {
        ...kept,
        environment: { DOMAIN, PORT: 8080 },
        deploy: { ...app.deploy, labels: app.deploy.labels },
      },
    })
    expect(file['networks']).toMatchObject({
      proxy: { name: 'proxy', external: true },
      default: { labels: LABELS },
    })
    expect(Object.keys(file).sort()).toEqual([
      'configs',
      'networks',
      'secrets',
      'services',
      'version',
      'volumes',
    ])
  })

  test('R-DKR-15 nothing is left for the client to read or to fill in by itself', () => {
    const { app } = Object(deployed(COOP_CLOUD)['services'])
    expect(app).not.toHaveProperty('env_file')
    expect(app.environment).not.toHaveProperty('NOPE')
  })

  test('R-DKR-15 R-DKR-17 what would be forged is overwritten, if ever it came so far', () => {
    const forged = { 'berth.run': 'r0' }
    const service = { labels: forged, deploy: { labels: forged } }
    const made = { a: { labels: forged } }
    const file = labelled(
      { services: { a: service }, volumes: made, networks: made, configs: made, secrets: made },
      scene(),
    )
    expect(JSON.stringify(file)).not.toContain('r0')
  })

  test('R-DKR-15 extension fields are gone, wherever they are: some mean something to the engine', () => {
    const file = deployed(
      parse(
        'services: { app: { image: x, x-a: 1, deploy: { x-b: 1 } } }\nvolumes: { d: { x-cluster-spec: { group: a } } }\nx-c: 1',
      ),
    )
    expect(JSON.stringify(file)).not.toContain('"x-')
  })

  test('R-DKR-17 the network that the client makes by itself has our labels, too', () => {
    expect(deployed(parse('services: { app: { image: x, network_mode: none } }'))['networks']).toEqual({
      default: { labels: LABELS },
    })
  })

  test('R-DKR-15 the version is one that has all keys of a resolved file', () => {
    const version = (text: string) =>
      deployed({ version: text, services: { app: { image: 'x' } } })['version']
    expect(['3', '3.3', '3.8', '3.9', '3.13'].map(version)).toEqual(['3.8', '3.8', '3.8', '3.9', '3.13'])
  })

  test("R-DKR-11 compose gets its project's name on its command line, and nothing that it does not know", () => {
    const scope = scene({}, { driver: 'compose' })
    const app = { image: 'x', container_name: `${STACK}_app` }
    const file = deployed(
      { version: '2.4', name: STACK, services: { app, job: { image: 'x', deploy: { replicas: 1 } } } },
      scope,
    )
    expect(file).toEqual({
      version: '2.4',
      services: {
        app: { ...app, labels: LABELS },
        job: { image: 'x', labels: LABELS, deploy: { replicas: 1, labels: LABELS } },
      },
      networks: { default: { labels: LABELS } },
    })
  })

  test('R-DKR-15 R-DKR-11 no mount makes folders of the host', () => {
    const mount = { type: 'bind', source: '/srv', target: '/x', bind: { create_host_path: true } }
    const file = { services: { app: { image: 'x', volumes: [mount] } } }
    const bind = (driver: 'swarm' | 'compose') =>
      Object(deployed(file, scene({ mounts: ['/srv'] }, { driver }))['services']).app.volumes[0].bind
    expect([bind('swarm'), bind('compose')]).toEqual([{}, { create_host_path: false }])
  })

  test.each(['app', DOMAIN, `mail.${DOMAIN}`, `${STACK}_mail`, '{{ .Service.Name }}'])(
    'R-DKR-15 %s is a host name of its own on a shared network; on one of the stack, any is',
    (hostname) => {
      const shared = { shared: { name: 'proxy', external: true } }
      const app = { image: 'x', hostname, networks: ['shared'] }
      expect(refusalsOf(holdAgainstPolicy({ services: { app }, networks: shared }, scene()))).toEqual([])
      const inner = { ...app, hostname: 'traefik', networks: ['inner'] }
      const own = { services: { app: inner }, networks: { ...shared, inner: {} } }
      expect(refusalsOf(holdAgainstPolicy(own, scene()))).toEqual([])
    },
  )

  test.each(['secret', 'config'])(
    'R-DKR-15 R-DKR-11 no recipe can allow an external %s where no swarm keeps it',
    (kind) => {
      const file = { services: { app: { image: 'x' } }, [`${kind}s`]: { x: { name: 'x', external: true } } }
      const allowed = { external: [`${kind}:x`] }
      expect(refusalsOf(holdAgainstPolicy(file, scene(allowed)))).toEqual([])
      expect(refusalsOf(holdAgainstPolicy(file, scene(allowed, { driver: 'compose' })))).toEqual([
        `${kind}s.x: an external ${kind} is kept by a swarm, and there is none`,
      ])
    },
  )

  test("R-DKR-09 a fork's run has the proxy only where the recipe has it", () => {
    const own = { networks: { p: { external: true, name: 'proxy' } }, services: { app: { image: 'x' } } }
    expect(refusalsOf(holdAgainstPolicy(own, scene({}, { isFork: true })))).toEqual([])
    expect(refusalsOf(holdAgainstPolicy(own, scene({ external: [] }, { isFork: true })))).toHaveLength(1)
  })
})

const key = fc.stringMatching(/^[a-z][a-z0-9_-]{0,8}$/)
/** Mostly harmless, so that enough files are deployed. */
const rarely = (one: string, ...others: readonly string[]) =>
  fc.oneof(
    { weight: 30, arbitrary: fc.constant(one) },
    ...others.map((other) => ({ weight: 1, arbitrary: fc.constant(other) })),
  )
const label = rarely(
  'coop-cloud.x',
  'backupbot.backup',
  'maintainer',
  'berth.run',
  'com.docker.stack.namespace',
)
const name = fc.option(rarely(`${STACK}_x`, STACK, 'other', `${STACK}x`, `${STACK}_x/../y`), {
  nil: undefined,
})
const labels = fc.option(
  fc.oneof(
    fc.dictionary(label, fc.string({ maxLength: 5 }), { maxKeys: 3 }),
    fc.array(
      label.map((one) => `${one}=x`),
      { maxLength: 3 },
    ),
  ),
  { nil: undefined },
)
const object = fc.option(
  fc.record({ name, labels, external: fc.option(rarely('false', 'true'), { nil: undefined }) }),
)
const service = fc.record({
  image: fc.constant('x'),
  labels,
  networks: fc.option(fc.constant(['default']), { nil: undefined }),
  deploy: fc.option(fc.record({ labels }), { nil: undefined }),
})
const section = fc.option(fc.dictionary(key, object, { maxKeys: 3 }), { nil: undefined })
const anyFile = fc.record({
  services: fc.dictionary(key, service, { minKeys: 1, maxKeys: 3 }),
  networks: section,
  volumes: section,
  secrets: section,
  configs: section,
})

describe('whatever is deployed', () => {
  test('R-DKR-15 R-DKR-17 carries our labels and names only', () => {
    let count = 0
    fc.assert(
      fc.property(anyFile, (file) => {
        const result = holdAgainstPolicy(JSON.parse(JSON.stringify(file)), scene())
        if (!('file' in result)) return
        count += 1
        expectOurs(result.file)
        expect(JSON.stringify(result.file)).not.toMatch(/com\.docker\.stack|"other"/)
        for (const section of ['networks', 'volumes', 'secrets', 'configs'])
          for (const [key, part] of partsOf(result.file, section))
            if (part['external'] === true) expect([key, part['name']]).toContain('proxy')
      }),
      { numRuns: 500, seed: 7 },
    )
    expect(count).toBeGreaterThan(100)
  })

  test('R-DKR-15 no key gets through that the policy does not know, wherever it is', () => {
    const places = mapsIn(COOP_CLOUD)
    expect(places.length).toBeGreaterThan(20)
    for (const path of places) {
      const file = structuredClone(COOP_CLOUD)
      const part = path.reduce<Record<string, unknown>>((at, step) => Object(at[step]), file)
      part['never_heard_of'] = { image: 'x' }
      const result = holdAgainstPolicy(file, scene({}, { made: MADE }))
      expect([path.join('.'), refusalsOf(result).length > 0]).toEqual([path.join('.'), true])
    }
  })
})

/** Maps whose keys are the format's, not people's. */
const PEOPLES =
  /^(?:services|networks|volumes|secrets|configs)$|\.(?:environment|labels|ulimits|networks|driver_opts)$|^x-/

function mapsIn(value: unknown, path: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([step, item]) => mapsIn(item, [...path, step]))
  return Array.isArray(value) || PEOPLES.test(path.join('.')) ? inner : [path, ...inner]
}

describe('dollars', () => {
  test('R-DKR-15 what is written for a client means the same after it has filled in its variables', () => {
    fc.assert(
      fc.property(
        fc.jsonValue().filter((one) => !/\$[^"]*":/.test(JSON.stringify(one))),
        (value) => {
          expect(singleDollars(doubledDollars(value))).toEqual(value)
        },
      ),
      { seed: 7 },
    )
    expect(singleDollars({ $$a: '$$$$b' })).toEqual({ $a: '$$b' })
    expect(doubledDollars({ $a: ['$HOME', '$$'] })).toEqual({ $a: ['$$HOME', '$$$$'] })
  })
})

test.each([
  ['Host(`a`)', true],
  ['Host("a", `b.a`)', true],
  ['host(`a`) && PathPrefix(`/`)', true],
  ['PathPrefix(`/`) && Host(`a`)', true],
  ['(Host(`a`) || Host(`b.a`)) && !Path(`/x`)', true],
  ['Host(`a`) && (Path(`/x`) || Path(`/y`))', true],
  ['HostSNI(`a`)', true],
  ['Host(`a`) || Path(`/x`)', false],
  ['Host(`a`, `other`)', false],
  ['!Host(`a`)', false],
  ['!(!Host(`a`))', false],
  ['HostRegexp(`a`)', false],
  ['PathPrefix(`/`)', false],
  ['Host:a', false],
  ['Host(`a`)) || (Path(`/`)', false],
  ['Host(`a`) Path(`/`)', false],
  ['Host()', false],
  ['Host(a)', false],
  ['', false],
  ['('.repeat(1000), false],
])('R-DKR-09 a router with the rule %s answers for its own names only: %s', (rule, isOurs) => {
  expect(hostsOnly(rule, (host) => host === 'a' || host.endsWith('.a'))).toBe(isOurs)
})

test('R-DKR-15 a service with a name like another stack’s is refused on a shared network only', () => {
  const file = (network: string) => ({
    services: { cloud_example_org_app: { image: 'x', networks: [network] } },
    networks: { proxy: { external: true }, own: {} },
  })
  expect(refusalsOf(holdAgainstPolicy(file('own'), scene()))).toEqual([])
  const onDefault = {
    services: { cloud_example_org_app: { image: 'x' } },
    networks: { default: { external: true, name: 'proxy' } },
  }
  expect(refusalsOf(holdAgainstPolicy(onDefault, scene()))).toHaveLength(1)
  expect(refusalsOf(holdAgainstPolicy(file('proxy'), scene()))).toEqual([
    'services.cloud_example_org_app.networks[0]: the service answers to cloud_example_org_app on a network that other stacks use, which may be the full name of one of theirs',
  ])
})

test.each([
  "volumes: ['data:/x:ro', '/anonymous']",
  "tmpfs: ['/run:size=64m,mode=755,noexec']",
  'network_mode: service:db',
  'ipc: shareable',
  'security_opt: [no-new-privileges:true]',
  'privileged: false',
  'cap_drop: [ALL]',
  'deploy: { mode: global, endpoint_mode: dnsrr }',
  'depends_on: { db: { condition: service_healthy } }',
  'mem_limit: 64m',
  'shm_size: 64m',
  'x-note: { privileged: true }',
  `deploy: { labels: { traefik.http.routers.${STACK}.tls.certResolver: x, Traefik.Enable: 'true' } }`,
  'healthcheck: { disable: true }',
  'networks: { own: { aliases: [anything] } }',
])('R-DKR-15 %s is harmless', (line) => {
  expect(refusalsOf(held(line, 'volumes: { data: {} }\nnetworks: { own: null }'))).toEqual([])
})
