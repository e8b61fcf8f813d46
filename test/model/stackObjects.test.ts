import { expect, test } from 'vitest'
import {
  type EngineObject,
  ownerIn,
  type Scope,
  stacksOf,
  standsAlone,
} from '../../src/model/stackObjects.ts'

const SCOPE: Scope = { stack: 'a_ci', run: 'r1' }

function object(name: string, labels: Readonly<Record<string, string>> = {}): EngineObject {
  return { kind: 'volume', id: name, name, labels }
}

const OURS = { 'berth.instance': 'me', 'berth.run': 'r1' }
const THEIRS = { 'berth.instance': 'them', 'berth.run': 'r1' }
const OLDER = { 'berth.instance': 'me', 'berth.run': 'r0' }
const at = (stack: string) => ({ 'com.docker.stack.namespace': stack })
const project = (stack: string) => ({ 'com.docker.compose.project': stack })

const CASES: readonly (readonly [string, EngineObject, 'ours' | 'foreign' | null])[] = [
  ['this run, in its stack', object('a_ci_data', { ...OURS, ...at('a_ci') }), 'ours'],
  ['this run, under any name', object('else', OURS), 'ours'],
  ['an older run of ours at the name', object('a_ci_data', OLDER), 'ours'],
  ['an older run of ours at another name', object('b_ci_data', OLDER), null],
  ['another harness, in the stack', object('a_ci_data', { ...THEIRS, ...at('a_ci') }), 'foreign'],
  ['another harness, same run id, another name', object('else', THEIRS), null],
  ['by hand, in the stack', object('a_ci_data', at('a_ci')), 'foreign'],
  ['by hand, by name alone', object('a_ci_data'), 'foreign'],
  ['of ours, a stack whose name begins so', object('a_ci_2_data', { ...OLDER, ...at('a_ci_2') }), null],
  ['of ours, no namespace, a known longer stack', object('a_ci_2_data', OLDER), null],
  ['of ours, in the stack, under a name of its own', object('motd', { ...OLDER, ...at('a_ci') }), 'ours'],
  ['of ours, named as ours, of another stack', object('a_ci_data', { ...OLDER, ...at('b_ci') }), null],
  ['a name that only begins alike', object('a_cinema', OLDER), null],
  ['a compose project by hand, of our very name', object('x', project('a_ci')), 'foreign'],
  ['of ours, in the project', object('a_ci-app-1', { ...OLDER, ...project('a_ci') }), 'ours'],
  [
    'of ours, a project whose name begins so',
    object('a_ci_2_data', { ...OLDER, ...project('a_ci_2') }),
    null,
  ],
  ['a stack whose name begins so, by hand', object('a_ci_2_data', at('a_ci_2')), null],
]

test.each(CASES)('R-DKR-04 R-DKR-17 whose it is: %s', (_, one, owner) => {
  expect(ownerIn(SCOPE, 'me', one, ['a_ci', 'a_ci_2'])).toBe(owner)
})

test('R-DKR-04 where the name may be somebody else’s by now, only the run’s own id counts', () => {
  const scope: Scope = { stack: null, run: 'r1' }
  expect(ownerIn(scope, 'me', object('a_ci_data', { ...OLDER, ...at('a_ci') }), [])).toBe(null)
  expect(ownerIn(scope, 'me', object('a_ci_data', at('a_ci')), [])).toBe(null)
  expect(ownerIn(scope, 'me', object('a_ci_data', OURS), [])).toBe('ours')
})

test('R-DKR-04 the stacks of an engine are those that its objects name', () => {
  expect(stacksOf([object('x', at('a')), object('y', at('a')), object('z')])).toEqual(['a'])
  expect(stacksOf([object('x', project('b'))])).toEqual(['b'])
})

test('R-DKR-04 R-DKR-11 a task’s container goes with its service; any other one stands alone', () => {
  const container = (labels: EngineObject['labels']): EngineObject => ({
    ...object('x', labels),
    kind: 'container',
  })
  expect(standsAlone(container({ 'com.docker.swarm.task.id': 't' }))).toBe(false)
  expect(standsAlone(container(project('a')))).toBe(true)
  expect(standsAlone({ ...object('x'), kind: 'task' })).toBe(false)
  expect(standsAlone(object('x'))).toBe(true)
})
