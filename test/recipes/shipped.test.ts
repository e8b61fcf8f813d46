import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test, vi } from 'vitest'
import { parse } from 'yaml'
import { stackName, stackNameFault } from '../../src/model/names.ts'
import type { Recipe } from '../../src/model/recipe.ts'
import { loadRecipe } from '../../src/recipes/load.ts'
import { checkRepository } from '../../src/recipes/repository.ts'

interface Checkout extends Disposable {
  readonly work: string
  readonly artifacts: string
  /** Runs one command line as the process driver does. */
  perform(command: string): { readonly status: number | null; readonly text: string }
  /** Processes that carry this checkout's HOME. */
  processes(): readonly string[]
}

function checkout(files: Readonly<Record<string, string>>): Checkout {
  const root = mkdtempSync(join(tmpdir(), 'berth-recipe-'))
  const [work, home, artifacts] = ['work', 'home', 'artifacts'].map((name) => join(root, name))
  if (work === undefined || home === undefined || artifacts === undefined) throw new Error('unreachable')
  for (const path of [work, home, artifacts]) mkdirSync(path)
  for (const [name, text] of Object.entries(files)) writeFileSync(join(work, name), text)
  const env = {
    PATH: '/usr/bin:/bin',
    HOME: home,
    LANG: 'C.UTF-8',
    BERTH_DOMAIN: 'site-hello-pr1.ci.localhost',
    BERTH_WORKSPACE: work,
    BERTH_ARTIFACTS: artifacts,
    BERTH_SHA: '0123456789abcdef0123456789abcdef01234567',
    BERTH_ARG_SIZE: 's',
  }
  return {
    work,
    artifacts,
    perform(command) {
      const { status, stdout, stderr } = spawnSync('/bin/sh', ['-euc', command], {
        cwd: work,
        env,
        encoding: 'utf8',
      })
      return { status, text: stdout + stderr }
    },
    processes: () =>
      readdirSync('/proc').filter(
        (pid) => /^\d+$/.test(pid) && environmentOf(pid).includes(`HOME=${home}\0`),
      ),
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

function environmentOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8')
  } catch {
    return ''
  }
}

function shipped(name: string): Recipe {
  return loadRecipe(fileURLToPath(new URL(`../../recipes/${name}`, import.meta.url)))
}

function stage(recipe: Recipe, name: string): string {
  const found = recipe.stages.find((one) => one.name === name)
  if (found === undefined || !('run' in found)) throw new Error(`recipe ${recipe.name} has no stage ${name}`)
  return found.run
}

test("recipe hello serves the pull request's README from a process, and its teardown ends that process", async () => {
  using site = checkout({ 'README.md': 'Hello, harbour\n' })
  const hello = shipped('hello')
  try {
    expect(site.perform(stage(hello, 'check'))).toMatchObject({
      status: 0,
      text: expect.stringContaining('has README.md'),
    })
    expect(site.perform(stage(hello, 'deploy')).status).toBe(0)
    expect(site.processes()).toHaveLength(1)
    expect(site.perform(stage(hello, 'stays-up'))).toMatchObject({
      status: 0,
      text: 'README.md has 15 bytes\nREADME.md has 15 bytes\n',
    })
    expect(readFileSync(join(site.artifacts, 'answers.txt'), 'utf8')).toContain('15 bytes')
  } finally {
    expect(site.perform(hello.teardown.run).status).toBe(0)
  }
  await vi.waitFor(() => expect(site.processes()).toEqual([]), { timeout: 5000, interval: 5 })
  expect(readdirSync(site.work)).toEqual(['README.md'])
})

test('the teardown of recipe hello may come twice, and before anything is up', () => {
  using site = checkout({})
  const { teardown } = shipped('hello')
  for (const round of [1, 2]) expect(`${round}: ${site.perform(teardown.run).status}`).toBe(`${round}: 0`)
})

test.each([
  ['no README', {}],
  ['an empty README', { 'README.md': '' }],
])('recipe hello is red on a commit with %s', (_, files) => {
  using site = checkout(files)
  const result = site.perform(stage(shipped('hello'), 'check'))
  expect(result).toMatchObject({
    status: 1,
    text: expect.stringContaining('has no README with anything in it'),
  })
})

test('recipe red puts something up, fails with a code of its own, and its teardown takes it down and says so', () => {
  using site = checkout({})
  const red = shipped('red')
  expect(site.perform(stage(red, 'deploy')).status).toBe(0)
  const stack = join(site.work, '../home/stack')
  expect(existsSync(stack)).toBe(true)
  expect(site.perform(stage(red, 'fails')).status).toBe(3)
  expect(site.perform(red.teardown.run)).toMatchObject({
    status: 0,
    text: expect.stringContaining('Teardown has run'),
  })
  expect(existsSync(stack)).toBe(false)
})

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** What a run of the recipe would deploy of the folder. */
function checked(name: string, folder: string, domain: string) {
  const recipe = shipped(name)
  if (recipe.stack === null) throw new Error(`recipe ${name} has no stack`)
  return checkRepository(folder, recipe, recipe.stack, domain)
}

describe('recipe swarm-example', () => {
  const FILE = 'recipes/swarm-example/repository/compose.yml'
  const compose = parse(readFileSync(join(ROOT, FILE), 'utf8'))

  test('R-DKR-07 R-DKR-15 deploys a stack of the clone of berth that it comes with, which the policy lets through', () => {
    expect(checked('swarm-example', ROOT, 'berth-swarm-example-pr0.ci.localhost')).toEqual({
      files: [FILE],
      faults: [],
      remarks: [],
    })
  })

  test('R-DKR-07 has two services, a config, a secret, a volume and health checks, whose files are beside it', () => {
    const services = Object.values(compose.services)
    expect(services).toHaveLength(2)
    for (const service of services) expect(service).toHaveProperty('healthcheck.test')
    expect(Object.keys(compose.volumes)).toEqual(['data'])
    for (const { file } of [compose.configs.page, compose.secrets.password])
      expect(existsSync(join(ROOT, 'recipes/swarm-example/repository', file))).toBe(true)
  })

  test('R-DKR-07 asks services that there are, by every kind of stage', () => {
    const { stages } = shipped('swarm-example')
    const asked = stages.flatMap((one) => {
      if ('exec' in one) return [one.exec.service]
      return 'ready' in one && 'http' in one.ready ? [new URL(one.ready.http).hostname] : []
    })
    expect(new Set(asked)).toEqual(new Set(Object.keys(compose.services)))
    for (const work of ['deploy', 'ready', 'exec']) expect(stages.some((one) => work in one)).toBe(true)
  })
})

describe('recipe coop-cloud', () => {
  const FILES = {
    '.env.sample':
      'TYPE=site\nDOMAIN=site.example.com\nCOMPOSE_FILE="compose.yml"\nSECRET_PASSWORD_VERSION=v1 # length=16\n',
    'abra.sh': 'export PAGE_VERSION=v1\n',
    'page.html.tmpl': '{{ env "DOMAIN" }}\n',
    'compose.yml': `version: '3.8'
services:
  app:
    image: nginx:1.27
    networks: [proxy]
    secrets: [password]
    configs: [{ source: page, target: /usr/share/nginx/html/index.html }]
    deploy:
      labels:
        - "traefik.http.routers.\${STACK_NAME}.rule=Host(\`\${DOMAIN}\`)"
        - "coop-cloud.\${STACK_NAME}.version=1.0.0+1.27"
networks:
  proxy: { external: true }
configs:
  page: { name: "\${STACK_NAME}_page_\${PAGE_VERSION}", file: page.html.tmpl, template_driver: golang }
secrets:
  password: { external: true, name: "\${STACK_NAME}_password_\${SECRET_PASSWORD_VERSION}" }
`,
  }

  test('R-DKR-06 takes a repository as it is, and may have the network proxy', () => {
    using site = checkout(FILES)
    expect(checked('coop-cloud', site.work, 'site-pr7.ci.example.org')).toEqual({
      files: ['compose.yml'],
      faults: [],
      remarks: [],
    })
    expect(shipped('coop-cloud').allow.external).toEqual(['proxy'])
  })

  test('R-DKR-06 names what keeps a repository from being deployed', () => {
    using site = checkout({ ...FILES, 'compose.yml': `${FILES['compose.yml']}  {{ .Name }}: {}\n` })
    expect(checked('coop-cloud', site.work, 'site-pr7.ci.example.org').faults).toEqual([
      'compose.yml:18: {{ .Name }} is a template that nobody has filled in; write the value',
    ])
  })

  test('R-DKR-06 leaves room for the names of configs and secrets in what the engine takes', () => {
    const { domain } = shipped('coop-cloud')
    const made = domain
      .replace('{repo}', 'hedgedoc')
      .replace('{pr}', '1234')
      .replace('{base}', 'ci.example.org')
    expect(stackNameFault(made)).toBeNull()
    expect(stackName(made).length).toBeLessThan(32)
  })
})
