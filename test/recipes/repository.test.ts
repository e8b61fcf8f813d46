import { symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { loadRecipe } from '../../src/recipes/load.ts'
import { checkRepository, type RepositoryCheck } from '../../src/recipes/repository.ts'
import { type Machine, machine, STACK } from '../config/world.ts'

const DOMAIN = 'site-pr1.ci.example.org'
const COMPOSE = `services:
  app:
    image: nginx:1.27
`
const COOP_CLOUD = STACK.replace('files: [compose.yml]', 'coop-cloud: true')

function check(here: Machine, files: Readonly<Record<string, string>>, text = STACK): RepositoryCheck {
  here.write('recipes/stack/recipe.yml', text)
  here.write('repository/README.md', 'x')
  for (const [file, content] of Object.entries(files)) here.write(`repository/${file}`, content)
  const recipe = loadRecipe(here.path('recipes/stack'))
  if (recipe.stack === null) throw new Error('it has no stack')
  return checkRepository(here.path('repository'), recipe, recipe.stack, DOMAIN)
}

describe('the files of a repository, held against a recipe of a stack without an engine', () => {
  test('R-DKR-15 are told in order where nothing is wrong', () => {
    using here = machine()
    const text = STACK.replace('[compose.yml]', '[compose.yml, deploy/more.yml]')
    const files = { 'compose.yml': COMPOSE, 'deploy/more.yml': COMPOSE }
    expect(check(here, files, text)).toEqual({
      files: ['compose.yml', 'deploy/more.yml'],
      faults: [],
      remarks: [],
    })
  })

  test.each([
    ['', 'compose.yml:1: this is no compose file: it must be a map with services; correct it'],
    ['services: [', 'compose.yml:1: this is no valid YAML'],
    [
      `${COMPOSE}    shiny: 1\n`,
      'compose.yml:4: services.app.shiny: shiny is not known to be harmless; leave it out',
    ],
    [`${COMPOSE}    build: .\n`, 'compose.yml:4: services.app.build: '],
    [
      `${COMPOSE}    env_file: ../../etc/environment\n`,
      'compose.yml:4: services.app.env_file: the env_file ../../etc/environment cannot be used',
    ],
    [`${COMPOSE}include: [x.yml]\n`, 'compose.yml:4: include: include is not known to be harmless'],
  ])('R-DKR-15 %j is told with its line and the way out', (compose, expected) => {
    using here = machine()
    expect(check(here, { 'compose.yml': compose }).faults).toEqual([expect.stringContaining(expected)])
  })

  test('R-DKR-15 that is not there, or leads out of it, is told', () => {
    using here = machine()
    expect(check(here, {}).faults).toEqual([
      'compose.yml:1: the compose file cannot be used: it is not there; put it into the repository',
    ])
    symlinkSync('/etc/passwd', here.path('repository/compose.yml'))
    expect(check(here, {}).faults).toEqual([
      expect.stringMatching(/^compose\.yml:1: the compose file cannot be used: /),
    ])
  })

  test('R-DKR-15 may have what the recipe allows', () => {
    using here = machine()
    const text = STACK.replace('stages:', "allow: { keys: ['services.*.shiny'] }\nstages:")
    expect(check(here, { 'compose.yml': `${COMPOSE}    shiny: 1\n` }, text).faults).toEqual([])
  })

  test('R-DKR-06 of Co-op Cloud are those that it selects itself', () => {
    using here = machine()
    const files = {
      '.env.sample': 'TYPE=site\nCOMPOSE_FILE="compose.yml:compose.smtp.yml"\n',
      'compose.yml': `version: '3.8'\n${COMPOSE}`,
      'compose.smtp.yml': "version: '3.8'\nservices:\n  app:\n    environment: [SMTP=1]\n",
    }
    expect(check(here, files, COOP_CLOUD)).toEqual({
      files: ['compose.yml', 'compose.smtp.yml'],
      faults: [],
      remarks: [],
    })
  })

  test('R-DKR-06 of Co-op Cloud that cannot be deployed name file and line, and nothing else is told of them', () => {
    using here = machine()
    const files = {
      '.env.sample': 'TYPE=site\nCOMPOSE_FILE="compose.yml:compose.smtp.yml"\n',
      'compose.yml': `version: '3.8'\n${COMPOSE}    shiny: 1\n`,
    }
    expect(check(here, files, COOP_CLOUD).faults).toEqual([
      expect.stringMatching(/^compose\.smtp\.yml:1: .*COMPOSE_FILE selects it/),
    ])
  })

  test('R-DKR-06 what a deploy would pass over in silence is a remark', () => {
    using here = machine()
    const compose = `version: '3.8'\n${COMPOSE.replace('1.27', '${NGINX_TAG}')}`
    const { faults, remarks } = check(
      here,
      { '.env.sample': 'TYPE=site\n', 'compose.yml': compose },
      COOP_CLOUD,
    )
    expect(faults).toEqual([])
    expect(remarks).toEqual([expect.stringMatching(/^compose\.yml:4: .*NGINX_TAG/)])
  })

  test('R-DKR-06 a secret that only a person can make is told with its line until the recipe gives it', () => {
    using here = machine()
    const files = {
      '.env.sample': 'TYPE=site\nSECRET_SMTP_PASSWORD_VERSION=v1 # generate=false\n',
      'compose.yml': `version: '3.8'
${COMPOSE}    secrets: [smtp-password]
secrets:
  smtp-password:
    external: true
    name: \${STACK_NAME}_smtp_password_\${SECRET_SMTP_PASSWORD_VERSION}
`,
    }
    expect(check(here, files, COOP_CLOUD).faults).toEqual([
      "compose.yml:9: secrets.smtp-password: has generate=false, and the recipe does not give it; write there: secrets: { smtp_password: {} }, and put the value into the operator's folder of secrets as smtp_password",
    ])
    const giving = COOP_CLOUD.replace('stages:', 'secrets: { smtp_password: {} }\nstages:')
    expect(check(here, files, giving).faults).toEqual([])
  })
})
