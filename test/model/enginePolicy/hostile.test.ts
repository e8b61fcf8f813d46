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
