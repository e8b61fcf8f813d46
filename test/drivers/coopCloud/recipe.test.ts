import { symlinkSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { openCheckout } from '../../../src/drivers/coopCloud/checkout.ts'
import { readCoopCloudRecipe } from '../../../src/drivers/coopCloud/recipe.ts'
import { BLOG, linesOf, readRecipe, repository, WISH } from './recipes.ts'

const STACK = WISH.stackName

/** The blog, with some of its files changed or, where null, gone. */
function changed(files: Readonly<Record<string, string | null>>) {
  const all = { ...BLOG, ...files }
  return Object.fromEntries(
    Object.entries(all).flatMap(([file, text]) => (text === null ? [] : [[file, text]])),
  )
}

function edited(file: string, from: string, to: string) {
  const text = BLOG[file] ?? ''
  if (!text.includes(from)) throw new Error(`${file} has no ${from}`)
  return changed({ [file]: text.replace(from, to) })
}

describe('a Co-op Cloud recipe', () => {
  test('R-DKR-06 a recipe repository is read as it is: files, environment, secrets, configs, labels', () => {
    const recipe = readRecipe(BLOG)
    expect(recipe.faults).toEqual([])
    expect(recipe.type).toBe('blog')
    expect(recipe.files).toEqual(['compose.yml', 'compose.postgres.yml', 'compose.search.yml'])
    expect(Object.fromEntries(recipe.environment)).toEqual({
      TYPE: 'blog',
      DOMAIN: 'blog-pr7.ci.example.org',
      STACK_NAME: STACK,
      LETS_ENCRYPT_ENV: 'production',
      TIMEOUT: '600',
      COMPOSE_FILE: 'compose.yml:compose.postgres.yml:compose.search.yml',
      SECRET_DB_PASSWORD_VERSION: 'v1',
      SECRET_KEY_BASE_VERSION: 'v1',
      SECRET_SEARCH_KEY_VERSION: 'v2',
      OAUTH_ISSUER: 'https://blog-pr7.ci.example.org/oauth',
      GREETING: 'It is $5, not #6',
      APP_ENTRYPOINT_VERSION: 'v3',
      DB_BACKUP_VERSION: 'v4',
    })
    expect(recipe.secrets.map(({ name, services, rule }) => [name, services, rule.length])).toEqual([
      [`${STACK}_key_base_v1`, ['app'], 128],
      [`${STACK}_db_pw_v1`, ['app', 'db'], 32],
      [`${STACK}_search_key_v2`, ['search'], null],
    ])
    expect(recipe.configs.map(({ name, source }) => [name, source])).toEqual([
      [`${STACK}_app_entrypoint_v3`, 'entrypoint.sh.tmpl'],
      [`${STACK}_db_backup_v4`, 'backup.sh'],
    ])
    expect(recipe.version).toBe('1.2.0+2.14.1')
    expect(recipe.timeoutMs).toBe(600_000)
    expect(recipe.backup.isWanted).toBe(true)
  })

  test('R-DKR-06 an optional file that the operator selects brings its secret with it, at version v1', () => {
    const recipe = readRecipe(BLOG, { env: { COMPOSE_FILE: '$COMPOSE_FILE:compose.mail.yml' } })
    expect(recipe.faults).toEqual([])
    expect(recipe.files.at(-1)).toBe('compose.mail.yml')
    const mail = recipe.secrets.find(({ key }) => key === 'mail_password')
    expect(mail).toMatchObject({ name: `${STACK}_mail_password_v1`, rule: { generate: false } })
  })

  test('R-DKR-06 every fault is told at once, each with file and line', () => {
    const { faults, remarks } = readRecipe(
      changed({
        '.env.sample': `${BLOG['.env.sample']}A=${'${B:-c}'}\nCOMPOSE_FILE="$COMPOSE_FILE:compose.gone.yml"\nnonsense\n`,
        'compose.search.yml': `${BLOG['compose.search.yml']}    labels: { a: '\${NOBODY_SETS_THIS}' }\n`,
        'backup.sh': null,
      }),
    )
    expect(linesOf(faults)).toEqual([
      '.env.sample:29: "nonsense" is no KEY=value',
      'compose.gone.yml:1: is not in the repository (COMPOSE_FILE selects it)',
      'compose.postgres.yml:36: configs.db_backup: backup.sh is not in the repository',
    ])
    expect(linesOf(remarks)).toEqual([
      '.env.sample:27: A: ${B:-c} is taken apart after the name: a .env file knows no defaults; write the value',
      'compose.search.yml:14: secrets.search_key.labels.a: ${NOBODY_SETS_THIS} is set nowhere; set NOBODY_SETS_THIS in .env.sample, or write ${NOBODY_SETS_THIS:-default}',
    ])
  })

  test.each([
    ['compose.yml', { 'compose.yml': null }, 'is not in the repository'],
    [
      'compose.yml',
      { 'compose.yml': null, 'docker-compose.yml': '', 'deploy/compose.yaml': '' },
      'is not in the repository; there is docker-compose.yml, deploy/compose.yaml: move it, or name it as it is',
    ],
    [
      '.env.sample',
      { '.env.sample': null, 'deploy/.env.sample': 'TYPE=blog\n' },
      'is not in the repository; there is deploy/.env.sample: move it, or name it as it is',
    ],
    [
      'compose.search.yml',
      { 'compose.search.yml': null, 'search/compose.search.yml': '' },
      'is not in the repository (COMPOSE_FILE selects it); there is search/compose.search.yml: move it, or name it as it is',
    ],
  ])('R-DKR-06 a commit without %s says so, and where there is one (%j)', (file, files, text) => {
    expect(linesOf(readRecipe(changed(files)).faults)).toContain(`${file}:1: ${text}`)
  })

  test('R-DKR-06 without .env.sample no variable is blamed for it', () => {
    const { faults, remarks } = readRecipe(changed({ '.env.sample': null }))
    expect(remarks).toEqual([])
    expect(linesOf(faults)).toEqual(['.env.sample:1: is not in the repository'])
  })

  test('R-DKR-06 an unfinished recipe is told by its templates, not by what YAML makes of them', () => {
    const { faults } = readRecipe(
      changed({
        '.env.sample': 'TYPE={{ .Name }}\nDOMAIN={{ .Name }}.example.com\n# {{ .Name }}\n',
        'compose.yml': `services:\n  app:\n    image: {{ .Image }}\n    hostname: "{{.Node.Hostname}}"\n    networks: {}\n    command: docker ps --format '{{.Image}}'\n`,
      }),
    )
    expect(linesOf(faults)).toEqual([
      '.env.sample:1: {{ .Name }} is a template that nobody has filled in; write the value',
      '.env.sample:2: {{ .Name }} is a template that nobody has filled in; write the value',
      'compose.yml:3: {{ .Image }} is a template that nobody has filled in; write the value',
    ])
  })

  test('R-DKR-06 what YAML cannot read because of a template is told once', () => {
    const { faults } = readRecipe(
      changed({ 'compose.search.yml': 'services:\n  a:\n    image: {{ .Name }}:{{ .Image }}\n' }),
    )
    expect(linesOf(faults)).toEqual([
      'compose.search.yml:3: {{ .Name }} is a template that nobody has filled in; write the value',
    ])
  })

  test('R-DKR-06 broken YAML is named with its line', () => {
    const { faults } = readRecipe(changed({ 'compose.search.yml': 'services:\n  search:\n   image: [a\n' }))
    expect(linesOf(faults)[0]).toMatch(/^compose\.search\.yml:\d: this is no valid YAML: /)
  })

  test('R-DKR-06 a value that only a shell could tell is a fault of abra.sh, if somebody needs it', () => {
    const computed = edited(
      'abra.sh',
      '_ENTRYPOINT_VERSION=v3',
      '_ENTRYPOINT_VERSION=$(git describe)\nOTHER=`id`',
    )
    expect(linesOf(readRecipe(computed).faults)).toEqual([
      'abra.sh:2: APP_ENTRYPOINT_VERSION: only a shell could tell its value, and abra.sh is read, never run; write the value itself',
    ])
  })

  test('R-DKR-06 of a variable that abra.sh sets twice the last line counts', () => {
    const twice = edited(
      'abra.sh',
      '_ENTRYPOINT_VERSION=v3',
      '_ENTRYPOINT_VERSION=$(id)\nexport APP_ENTRYPOINT_VERSION=v5',
    )
    const { configs, faults } = readRecipe(twice)
    expect([configs[0]?.name, faults]).toEqual([`${STACK}_app_entrypoint_v5`, []])
  })

  test('R-DKR-06 a duration that is a variable is a fault, even with a default', () => {
    const { faults } = readRecipe(edited('compose.yml', 'start_period: 1m', 'start_period: ${START:-1m}'))
    expect(linesOf(faults)).toEqual([
      'compose.yml:29: services.app.healthcheck.start_period: ${START:-1m} stands where a duration is read before variables are put in; write the duration itself',
    ])
  })

  test('R-DKR-06 a file out of the repository is not read, whether named or linked', () => {
    using here = repository(edited('compose.yml', 'entrypoint.sh.tmpl', '../../../../../../etc/os-release'))
    symlinkSync('/etc/hostname', here.path('linked'))
    const { configs, faults } = readCoopCloudRecipe(openCheckout(here.folder), {
      ...WISH,
      env: { COMPOSE_FILE: 'compose.yml:compose.postgres.yml:linked:../x.yml' },
    })
    expect(configs.map(({ source }) => source)).toEqual(['backup.sh'])
    expect(linesOf(faults)).toEqual([
      'recipe.yml:1: stack.env.COMPOSE_FILE: ../x.yml is outside the repository; name files of the repository (it says compose.yml:compose.postgres.yml:linked:../x.yml)',
      'linked:1: is a link out of the repository, or named from outside it; put the file into the repository',
      'compose.yml:38: configs.app_entrypoint: ../../../../../../etc/os-release is a link out of the repository, or named from outside it; put the file into the repository',
    ])
  })
})
