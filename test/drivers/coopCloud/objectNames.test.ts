import { describe, expect, test } from 'vitest'
import { nameFaults, objectNames } from '../../../src/drivers/coopCloud/objectNames.ts'
import { documents, linesOf, values } from './recipes.ts'

function namesIn(text: string, stackName: string, env: Readonly<Record<string, string>> = {}) {
  return objectNames(documents({ 'compose.yml': text }), values({ STACK_NAME: stackName, ...env }), stackName)
}

describe("the engine's names", () => {
  test('R-DKR-06 every object has the name that the engine will know it by', () => {
    const names = namesIn(
      `services:
  app: { networks: [proxy] }
  db: {}
networks:
  proxy: { external: true }
  internal:
volumes:
  data:
  named: { name: "\${STACK_NAME}-x" }
configs:
  conf: { name: "\${STACK_NAME}_conf_\${CONF_VERSION}", file: x }
  bare: { file: y }
`,
      's',
      { CONF_VERSION: 'v3' },
    )
    expect(names.map(({ kind, name, isExternal, line }) => [kind, name, isExternal, line])).toEqual([
      ['services', 's_app', false, 2],
      ['services', 's_db', false, 3],
      ['configs', 's_conf_v3', false, 11],
      ['configs', 's_bare', false, 12],
      ['networks', 'proxy', true, 5],
      ['networks', 's_internal', false, 6],
      ['volumes', 's_data', false, 8],
      ['volumes', 's-x', false, 9],
      ['networks', 's_default', false, 3],
    ])
    expect(nameFaults(names)).toEqual([])
  })

  test.each([
    ['services: { app: { networks: [] } }', 63 - '_app'.length, 'services.app'],
    ['services: { a: {} }', 63 - '_default'.length, 'networks.default'],
    ['networks: { internal: }', 63 - '_internal'.length, 'networks.internal'],
    [
      'secrets: { key: { external: true, name: "${STACK_NAME}_key_v1" } }',
      64 - '_key_v1'.length,
      'secrets.key',
    ],
    ['configs: { c: { file: x } }', 64 - '_c'.length, 'configs.c'],
  ])('R-DKR-06 %s: a stack of up to %i characters fits, one more is told', (text, most, key) => {
    expect(nameFaults(namesIn(text, 's'.repeat(most)))).toEqual([])
    const [fault] = nameFaults(namesIn(text, 's'.repeat(most + 1)))
    expect(fault).toMatchObject({ file: 'compose.yml', line: 1, key })
    expect(fault?.text).toMatch(
      /has 6[45] characters; Docker takes at most 6[34]: shorten it, or the domain$/,
    )
  })

  test('R-DKR-06 a name without its version, or with characters of a comment, is told', () => {
    const text =
      'configs:\n  a: { name: "${STACK_NAME}_a_${A_VERSION}", file: x }\n  b: { name: "${STACK_NAME}_b_${B_VERSION}", file: x }\n'
    expect(linesOf(nameFaults(namesIn(text, 's', { B_VERSION: 'v1 # length' })))).toEqual([
      'compose.yml:2: configs.a: its name "s_a_" has characters where Docker takes none (is its version set?)',
      'compose.yml:3: configs.b: its name "s_b_v1 # length" has characters where Docker takes none',
    ])
  })
})
