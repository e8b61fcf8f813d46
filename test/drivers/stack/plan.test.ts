import { describe, expect, test } from 'vitest'
import { planOf } from '../../../src/drivers/stack/plan.ts'
import { DEFAULT_ALLOW } from '../../../src/model/enginePolicy/allow.ts'
import type { SecretGrant } from '../../../src/model/secrets.ts'
import { newRunId } from '../../../src/store/runId.ts'
import { requestFor } from '../../lock/world.ts'
import { repository } from '../coopCloud/recipes.ts'

const MAIL = {
  '.env.sample':
    'TYPE=mail\nDOMAIN=mail.example.com\nSECRET_RELAY_TOKEN_VERSION=v1 # generate=false\nSECRET_KEY_VERSION=v1 # length=32\n',
  'compose.yml': `version: '3.8'
services:
  app: { image: 'mail:1', secrets: [relay_token, key] }
secrets:
  relay_token: { external: true, name: '\${STACK_NAME}_relay_token_\${SECRET_RELAY_TOKEN_VERSION}' }
  key: { external: true, name: '\${STACK_NAME}_key_\${SECRET_KEY_VERSION}' }
`,
}

const STACK = {
  files: [],
  coopCloud: true,
  env: {},
  allow: DEFAULT_ALLOW,
  isFork: false,
  engine: { host: null, certPath: null, configDir: null },
}

function planWith(grant: Pick<SecretGrant, 'names' | 'withheld'>) {
  using here = repository(MAIL)
  const request = { ...requestFor(newRunId(), ['a.example']), secrets: { folder: '/secrets', ...grant } }
  return planOf({ request, say: () => undefined }, STACK, here.folder)
}

describe('a secret that only a person can make (generate=false)', () => {
  test('R-DKR-06 is made of what the recipe gives, beside those that are generated', () => {
    const plan = planWith({ names: ['relay_token'], withheld: [] })
    if ('faults' in plan) throw new Error(plan.faults.join('\n'))
    expect(plan.secrets.map(({ key, rule }) => [key, rule.generate])).toEqual([
      ['relay_token', false],
      ['key', true],
    ])
  })

  test('R-DKR-06 keeps the stack from being deployed where the recipe does not give it, with file, line and the way out', () => {
    expect(planWith({ names: ['KEY'], withheld: [] })).toEqual({
      faults: [
        "compose.yml:5: secrets.relay_token: has generate=false, and the recipe does not give it; write there: secrets: { relay_token: {} }, and put the value into the operator's folder of secrets as relay_token",
      ],
    })
  })

  test('R-DKR-06 R-RUN-17 is withheld from code of a fork unless the recipe says otherwise for this one', () => {
    expect(planWith({ names: [], withheld: ['relay_token'] })).toEqual({
      faults: [
        'compose.yml:5: secrets.relay_token: has generate=false, and code of a fork gets it only where the recipe says: secrets: { relay_token: { forks: true } }',
      ],
    })
  })
})
