import { describe, expect, test } from 'vitest'
import { parseDotenv } from '../../../src/drivers/coopCloud/dotenv.ts'
import { newSecret, secretRule } from '../../../src/drivers/coopCloud/secretRule.ts'
import { externalSecrets } from '../../../src/drivers/coopCloud/secrets.ts'
import { documents, linesOf, values, WISH } from './recipes.ts'

function ruleOf(line: string) {
  const [entry] = parseDotenv('.env.sample', line).entries
  if (entry === undefined) throw new Error(`${line} is no entry`)
  return secretRule('.env.sample', entry)
}

describe('external secrets', () => {
  test('R-DKR-06 only those that services of the selected files use, by the names that compose gives them', () => {
    const { secrets, faults } = externalSecrets(
      documents({
        'compose.yml': `services:
  app: { secrets: [db, { source: api, target: x }, built, old] }
secrets:
  db: { external: true, name: "\${STACK_NAME}_db_password_\${DB_PASSWORD_VERSION}" }
  api: { external: { name: shared_api } }
  plain: { external: true }
  old: { external: { name: "\${STACK_NAME}_old_v1" } }
  built: { file: key.txt }
  unused: { external: true, name: never }
`,
        'compose.more.yml': `services:
  app: { secrets: [plain, db] }
  job: { secrets: [db] }
secrets:
  api: { name: "\${STACK_NAME}_api_v2" }
  db: { external: true, labels: {} }
`,
      }),
      values({ DB_PASSWORD_VERSION: 'v4' }),
      parseDotenv('.env.sample', 'SECRET_DB_PASSWORD_VERSION=v1 # length=9\n'),
    )
    expect(faults).toEqual([])
    expect(
      secrets.map(({ key, name, services, file, line }) => [key, name, services, `${file}:${line}`]),
    ).toEqual([
      ['db', `${WISH.stackName}_db_password_v4`, ['app', 'job'], 'compose.yml:4'],
      ['api', `${WISH.stackName}_api_v2`, ['app'], 'compose.more.yml:5'],
      ['old', `${WISH.stackName}_old_v1`, ['app'], 'compose.yml:7'],
      ['plain', 'plain', ['app'], 'compose.yml:6'],
    ])
    expect(secrets[0]?.rule.length).toBeNull()
  })

  test('R-DKR-06 a secret that no selected file defines is a fault of the service that uses it', () => {
    const { faults } = externalSecrets(
      documents({ 'compose.yml': 'services:\n  app:\n    secrets:\n      - gone\n' }),
      values({}),
      parseDotenv('.env.sample', ''),
    )
    expect(linesOf(faults)).toEqual([
      'compose.yml:4: services.app.secrets: no selected file defines the secret gone; define it below secrets, or select the file that does (COMPOSE_FILE)',
    ])
  })
})

describe('a generated secret', () => {
  const letters = 'a-km-zA-HJ-NP-Z2-9'
  test.each([
    ['X=v1 # length=40 charset=hex', '^[0-9a-f]{40}$'],
    ['X=v1 # length=200', `^[${letters}]{200}$`],
    ['X=v1 # length=50 charset=HEX', '^[0-9a-f]{50}$'],
    ['X=v1 # length=20 charset=alnum', `^[${letters}]{20}$`],
    ['X=v1 # length=200 charset=special', '^[!@#$%^&*_+=-]{200}$'],
    ['X=v1 # length=200 charset=safespecial', '^[!@#%^&*_+=-]{200}$'],
    ['X=v1 # length=300 charset=Default,SafeSpecial', `^[${letters}!@#%^&*_+=-]{300}$`],
    ['X=v1', '^(?:[a-km-z]{7}-){5}[a-km-z]{7}$'],
    ['X=v1 # charset=hex', '^(?:[a-km-z]{7}-){5}[a-km-z]{7}$'],
  ])('R-DKR-06 %j looks like %s, and is another one each time', (line, pattern) => {
    const { rule, faults } = ruleOf(line)
    expect(faults).toEqual([])
    const made = Array.from({ length: 20 }, () => newSecret(rule))
    for (const secret of made) expect(secret).toMatch(new RegExp(pattern))
    expect(new Set(made).size).toBe(20)
  })

  test('R-DKR-06 every character of an alphabet is drawn', () => {
    const { rule } = ruleOf('X=v1 # length=1024 charset=special,default')
    const drawn = new Set(Array.from({ length: 5 }, () => newSecret(rule)).join(''))
    expect([...rule.alphabet].filter((character) => !drawn.has(character))).toEqual([])
  })

  test.each([
    ['X=v1 # generate=false', false],
    ['X=v1 # generate=F', false],
    ['X=v1 # generate=1', true],
    ['X=v1 # length=8', true],
  ])('R-DKR-06 %j: generated %j', (line, generate) => {
    expect(ruleOf(line)).toMatchObject({ rule: { generate }, faults: [] })
  })

  test.each([
    ['X=v1 # length=4', 'length=4 must be 5 to 1024'],
    ['X=v1 # length=1025', 'length=1025 must be 5 to 1024'],
    ['X=v1 # length=long', 'length=long must be 5 to 1024'],
    ['X=v1 # generate=no', 'generate=no must be true or false'],
  ])('R-DKR-06 %j is a fault', (line, text) => {
    expect(linesOf(ruleOf(line).faults)).toEqual([`.env.sample:1: X: ${text}`])
  })
})
