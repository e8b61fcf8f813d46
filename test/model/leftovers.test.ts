import { expect, test } from 'vitest'
import { lookFor } from '../../src/model/leftovers.ts'
import type { EngineObject, ObjectKind } from '../../src/model/stackObjects.ts'

const RUN_DOMAIN = /^[a-z0-9-]+\.ci\.test$/
const NAMESPACE = 'com.docker.stack.namespace'
const PROJECT = 'com.docker.compose.project'

function object(kind: ObjectKind, name: string, labels: Readonly<Record<string, string>> = {}): EngineObject {
  return { kind, id: name, name, labels }
}

function of(domain: string, run: string, instance = 'me'): Readonly<Record<string, string>> {
  return { 'berth.instance': instance, 'berth.domain': domain, 'berth.run': run }
}

function lookAt(...objects: readonly EngineObject[]) {
  return lookFor('me', objects, (domain) => RUN_DOMAIN.test(domain))
}

test('R-DKR-17 R-JAN-03 what carries our label is told by domain, with its runs and all that a sweep of it has to look for', () => {
  const at = { [NAMESPACE]: 'a_ci_test' }
  const { leftovers, astray } = lookAt(
    object('service', 'a_ci_test_app', { ...of('a.ci.test', 'r1'), ...at }),
    object('task', 't1', of('a.ci.test', 'r1')),
    object('container', 'a_ci_test_app.1', { ...of('a.ci.test', 'r1'), 'com.docker.swarm.task.id': 't1' }),
    object('volume', 'a_ci_test_data', of('a.ci.test', 'r0')),
    object('volume', 'elsewhere', of('a.ci.test', 'r2')),
    object('container', 'b_ci_test-app-1', { ...of('b.ci.test', 'r3'), [PROJECT]: 'b_ci_test' }),
  )
  expect(leftovers).toEqual([
    {
      domain: 'a.ci.test',
      runs: ['r0', 'r1', 'r2'],
      scopes: [
        { stack: 'a_ci_test', run: null },
        // Whatever has no namespace, and no name of the stack's, is found by its run.
        { stack: null, run: 'r1' },
        { stack: null, run: 'r2' },
      ],
      objects: ['service a_ci_test_app', 'volume a_ci_test_data', 'volume elsewhere'],
    },
    {
      domain: 'b.ci.test',
      runs: ['r3'],
      scopes: [{ stack: 'b_ci_test', run: null }],
      objects: ['container b_ci_test-app-1'],
    },
  ])
  expect(astray).toEqual([])
})

test('R-DKR-17 R-JAN-03 a domain’s label is anybody’s text: what could be no domain is under no lock, and told', () => {
  const bad = ['../../../etc/passwd', 'r:gpu', '', 'a..b', '.', 'A.ci.test']
  const objects = bad.map((domain, index) => object('volume', `v${index}`, of(domain, 'r1')))
  const { leftovers, astray } = lookAt(...objects, object('config', 'none', { 'berth.instance': 'me' }))
  expect(leftovers).toEqual([])
  expect(astray).toEqual([...bad.map((_, index) => `volume v${index}`), 'config none'])
})

test('R-DKR-17 R-JAN-03 what is not ours is told where it stands in the way of a run, by its stack or by its name, and by nobody’s word else', () => {
  const { leftovers, foreign } = lookAt(
    object('service', 'x', { [NAMESPACE]: 'a_ci_test' }),
    object('volume', 'b_ci_test_data', of('b.ci.test', 'r1', 'them')),
    object('secret', 'c_ci_test_db_v1'),
    object('volume', 'd_ci_test_data', { [PROJECT]: 'shop' }),
    object('network', 'proxy'),
    object('network', 'ci_test_proxy'),
    object('volume', 'ci_test'),
    object('service', 'canonical_example_org_app', { [NAMESPACE]: 'canonical_example_org' }),
  )
  expect(leftovers).toEqual([])
  expect(foreign).toEqual([
    { domain: 'a.ci.test', objects: ['service x'] },
    { domain: 'b.ci.test', objects: ['volume b_ci_test_data (of harness them)'] },
    { domain: 'c.ci.test', objects: ['secret c_ci_test_db_v1'] },
  ])
})
