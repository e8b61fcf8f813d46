import { describe, expect, test } from 'vitest'
import { holdAgainstPolicy } from '../../../src/model/enginePolicy.ts'
import {
  FILES_AND_MOUNTS,
  HOST,
  type Hostile,
  NETWORKS_AND_LOGS,
  OTHERS_OBJECTS,
  RESOURCES,
  ROUTING,
} from './hostile.ts'
import { file, held, refusalsOf, scene } from './policyScene.ts'

function fileOf({ service = '', beside = '' }: Hostile): unknown {
  return file(service, beside)
}

describe.each([
  ['files and mounts', FILES_AND_MOUNTS],
  ["others' objects and names", OTHERS_OBJECTS],
  ['the host', HOST],
  ['networks and logs', NETWORKS_AND_LOGS],
  ['resources', RESOURCES],
  ['a shared proxy', ROUTING],
])('%s', (_, lines) => {
  test.each(lines.map((line) => [line.what, line] as const))(
    'R-DKR-15 %s is refused by its key',
    (_, line) => {
      const result = holdAgainstPolicy(fileOf(line), scene({}, { driver: line.driver ?? 'swarm' }))
      if (!('refusals' in result)) throw new Error('it is not refused')
      expect(result.refusals.map(({ key }) => key)).toContain(line.key)
      for (const { text, wayOut } of result.refusals) {
        expect(text).not.toBe('')
        expect(wayOut).not.toBe('')
      }
    },
  )

  test.each(lines.flatMap((line) => (line.allow === null ? [] : [[line.what, line, line.allow] as const])))(
    'R-DKR-15 %s: the trusted recipe may allow it, for forks only if it says so',
    (_, line, allow) => {
      const more = { driver: line.driver ?? ('swarm' as const) }
      expect(refusalsOf(holdAgainstPolicy(fileOf(line), scene(allow, more)))).toEqual([])
      const fork = holdAgainstPolicy(fileOf(line), scene(allow, { ...more, isFork: true }))
      expect(refusalsOf(fork)).not.toEqual([])
      const withForks = scene({ ...allow, forks: true }, { ...more, isFork: true })
      expect(refusalsOf(holdAgainstPolicy(fileOf(line), withForks))).toEqual([])
    },
  )
})

test.each(['constructor', '__proto__', 'toString'])(
  'R-DKR-15 a name like %s means nothing of its own',
  (name) => {
    const named = (part: string, value: string) =>
      `{ "services": { "app": { "image": "x", ${part} } }, ${value} }`
    for (const text of [
      named(`"${name}": true`, '"volumes": {}'),
      named(`"networks": ["${name}"]`, '"networks": {}'),
      named(`"networks": { "${name}": { "aliases": ["other"] } }`, '"networks": {}'),
      named(`"secrets": ["${name}"]`, '"secrets": {}'),
      named(`"ulimits": { "${name}": 1 }`, '"secrets": {}'),
      named(`"labels": { "${name}": "x" }`, '"secrets": {}'),
      named('"user": "x"', `"${name}": {}`),
    ])
      expect([text, refusalsOf(holdAgainstPolicy(JSON.parse(text), scene())).length]).toEqual([text, 1])
  },
)

test('R-DKR-15 every fault is told at once', () => {
  const result = held('privileged: true\npid: host\ncap_add: [NET_ADMIN]', 'volumes: { data: { driver: x } }')
  expect(refusalsOf(result)).toEqual([
    'services.app.privileged: a privileged container is root of the host',
    'services.app.pid: uses the pid namespace of the host',
    'services.app.cap_add[0]: adds the capability NET_ADMIN',
    'volumes.data.driver: the volume driver x is not known to be harmless',
  ])
})

test.each([["'--help'"], ["'nginx; id'"], ['[nginx]']])('R-DKR-15 %s is no image', (image) => {
  const result = holdAgainstPolicy({ services: { app: { image: image.replaceAll("'", '') } } }, scene())
  const list = holdAgainstPolicy({ services: { app: { image: [image] } } }, scene())
  expect(image.startsWith('[') ? refusalsOf(list) : refusalsOf(result)).not.toEqual([])
})

test.each([
  null,
  [],
  'x',
  7,
  {},
  { services: {} },
  { services: [] },
  { services: { app: 'x' } },
  { services: { app: { ports: {} } } },
])('R-DKR-15 %j is no file to deploy', (value) => {
  expect(refusalsOf(holdAgainstPolicy(value, scene()))).not.toEqual([])
})

/** What a recipe allows is just that. */
test.each([
  [
    'a mount for reading, mounted for writing',
    { service: "volumes: ['/etc:/etc']" },
    { mounts: ['/etc:ro'] },
  ],
  [
    'a mount for reading, mounted for both',
    { service: "volumes: ['/etc:/etc:ro,rw']" },
    { mounts: ['/etc:ro'] },
  ],
  [
    'a mount for reading that says so in other words',
    { service: "volumes: [{ type: bind, source: /etc, target: /x, read_only: 'no' }]" },
    { mounts: ['/etc:ro'] },
  ],
  ['a folder, and what is in it', { service: "volumes: ['/srv/a:/a']" }, { mounts: ['/srv'] }],
  ['a folder, written otherwise', { service: "volumes: ['/srv/../etc:/a']" }, { mounts: ['/srv', '/etc'] }],
  [
    'a mount with other options',
    { beside: "volumes: { d: { driver_opts: { type: none, o: 'bind,rshared', device: /srv } } }" },
    { mounts: ['/srv'] },
  ],
  ['one port of a range', { service: "ports: ['8080-8081:80-81']" }, { ports: ['8080'] }],
  ['the port of another protocol', { service: "ports: ['53:53/udp']" }, { ports: ['53', '53/tcp'] }],
  [
    'a network, and a volume of its name',
    { beside: 'volumes: { d: { name: x, external: true } }' },
    { external: ['x', 'secret:x'] },
  ],
  [
    'a label of the stack',
    { service: 'labels: { com.docker.stack.namespace: x }' },
    { labels: ['com.docker.', ''] },
  ],
  ['a label of ours', { service: 'deploy: { labels: { berth.run: x } }' }, { labels: ['berth.'] }],
  ['a key that has a rule', { service: 'build: .' }, { keys: ['services.*.build'] }],
  ['a key in another place', { service: 'deploy: { runtime: x }' }, { keys: ['services.*.runtime'] }],
  [
    'the network of the host without its namespace',
    { beside: 'networks: { n: { name: host, external: true } }' },
    { external: ['host'] },
  ],
] as const)('R-DKR-15 where %s is allowed, it is refused', (_, part, allow) => {
  expect(
    refusalsOf(
      held('service' in part ? part.service : '', 'beside' in part ? part.beside : '', scene(allow)),
    ),
  ).not.toEqual([])
})
