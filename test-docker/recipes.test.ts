import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, onTestFinished } from 'vitest'
import { blocksOf } from '../test/docs/pageBlocks.ts'
import { test as base } from '../test-concurrency/fixtures/test.ts'
import type { World } from '../test-concurrency/fixtures/world.ts'
import { followPage } from './fixtures/firstPage.ts'
import { makeImage } from './fixtures/images.ts'
import { docker, labelled, lines } from './fixtures/raw.ts'

const RECIPES = fileURLToPath(new URL('../recipes', import.meta.url))
const FIRST = 'first-recipe.md'
/** What recipes and pages name: of a registry, where the engine has it from there, else made from scratch and removed again. */
const IMAGE = 'busybox:1.37'
const isThere = lines('image', 'ls', '--quiet', IMAGE).length > 0

beforeAll(() => {
  if (!isThere) makeImage(IMAGE)
})
afterAll(() => {
  if (!isThere) docker('image', 'rm', IMAGE)
})

/** A test with a domain that no other has. What a failed one has left is removed by hand. */
const test = base.extend<{ domain: string }>({
  domain: async ({ task, world }, use) => {
    // The budgets of the world are too short for recipes as people have them.
    world.configure('')
    const word = `recipes-${randomBytes(4).toString('hex')}`
    await use(`${word}.ci.localhost`)
    if (task.result?.state !== 'fail') return
    const stacks = lines('stack', 'ls', '--format', '{{.Name}}').filter((name) => name.includes(word))
    if (stacks.length > 0) docker('stack', 'rm', ...stacks)
  },
})

test('R-DKR-07 swarm-example is green in a clone of berth as it is shipped, and leaves nothing', async ({
  world,
  domain,
}) => {
  cpSync(join(RECIPES, 'swarm-example'), world.recipeFolder('swarm-example'), { recursive: true })
  cpSync(RECIPES, join(world.repo, 'recipes'), { recursive: true })
  commit(world, {})
  const run = await world.run('swarm-example', '--domain', domain)
  await run.cli.endedWith(0)
  expect(run.cli.output()).toContain('success: All 5 stages passed')
  expect(readFileSync(join(run.folder, 'stages/04-together.log'), 'utf8')).toMatch(/\d\d:\d\d:\d\d/)
  expect(labelled(`berth.run=${run.id}`)).toEqual([])
})

test('R-DKR-07 R-DKR-11 compose-example is green in a clone of berth as it is shipped, and leaves nothing', async ({
  world,
  domain,
}) => {
  onTestFinished(() => {
    const project = `label=com.docker.compose.project=${domain.replaceAll('.', '_')}`
    const left = lines('ps', '--all', '--quiet', '--filter', project)
    if (left.length > 0) docker('rm', '--force', '--volumes', ...left)
  })
  cpSync(join(RECIPES, 'compose-example'), world.recipeFolder('compose-example'), { recursive: true })
  cpSync(RECIPES, join(world.repo, 'recipes'), { recursive: true })
  commit(world, {})
  const run = await world.run('compose-example', '--domain', domain)
  await run.cli.endedWith(0)
  expect(run.cli.output()).toContain('success: All 4 stages passed')
  expect(readFileSync(join(run.folder, 'stages/04-together.log'), 'utf8')).toMatch(/\d\d:\d\d:\d\d/)
  expect(labelled(`berth.run=${run.id}`)).toEqual([])
})

/** The page's whole way: five runs, and a dozen commands. */
const WHOLE_PAGE_MS = 600_000

test('R-DKR-06 R-DKR-07 R-DKR-11 R-DKR-15 docs/first-recipe.md can be followed to its end: each command as it stands there, each file, each exit code, each refusal', {
  timeout: WHOLE_PAGE_MS,
}, ({ domain }) => {
  const reader = followPage(domain)
  onTestFinished(reader.close)
  reader.repository('custom-html', COOP_CLOUD)
  const codes = reader.follow().filter((line) => /^\d+$/.test(line))
  expect(codes, 'page, page without a title, stack, Co-op Cloud').toEqual(['0', '1', '0', '0'])
  const texts = blocksOf(FIRST).filter(({ kind }) => kind === 'text')
  const [early = '', late = ''] = texts.map(({ text }) => text.trim())
  reader.replace('recipes/stack/recipe.yml', 'files: [compose.yml]', 'files: [compose.yml, compose.port.yml]')
  expect(reader.run('berth recipes check stack --repo ~/site')).toContain(early)
  reader.replace('~/site/compose.port.yml', '    build: .\n', '')
  expect(reader.run('git -C ~/site add . && git -C ~/site commit -q -m Port')).toEqual([])
  expect(reader.run('berth run stack --repo ~/site').join('\n')).toContain(late)
  for (const run of reader.runs()) expect(labelled(`berth.run=${run}`)).toEqual([])
})

/** It does not stand unless its secret has the length that the sample says, and the template has been filled in. */
const COOP_CLOUD = {
  '.env.sample':
    'TYPE=site\nDOMAIN=site.example.com\nCOMPOSE_FILE="compose.yml"\nSECRET_PASSWORD_VERSION=v1 # length=16\n',
  'abra.sh': 'export PAGE_VERSION=v1\n',
  'page.tmpl': 'stack={{ env "STACK" }}\n',
  'compose.yml': `version: '3.8'
services:
  app:
    image: ${IMAGE}
    environment: ["STACK=\${STACK_NAME}"]
    command: >-
      sh -c 'read -r password </run/secrets/password || true; test "$\${#password}" -eq 16 || exit 3;
      read -r page </page; test "$$page" = "stack=$$STACK" || exit 4; echo hello >/tmp/index.html;
      exec httpd -f -p 80 -h /tmp'
    stop_grace_period: 1s
    secrets: [password]
    configs: [{ source: page, target: /page }]
    deploy:
      labels: ["coop-cloud.\${STACK_NAME}.version=1.0.0+1.37", "coop-cloud.\${STACK_NAME}.timeout=\${TIMEOUT:-60}"]
configs:
  page: { name: "\${STACK_NAME}_page_\${PAGE_VERSION}", file: page.tmpl, template_driver: golang }
secrets:
  password: { external: true, name: "\${STACK_NAME}_password_\${SECRET_PASSWORD_VERSION}" }
`,
}

function write(folder: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(folder, { recursive: true })
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text)
}

function commit({ repo }: World, files: Readonly<Record<string, string>>): void {
  write(repo, files)
  const git = (...words: readonly string[]) =>
    execFileSync('git', ['-C', repo, '-c', 'user.name=t', '-c', 'user.email=t@example.org', ...words])
  git('add', '.')
  git('commit', '-q', '-m', 'A stack')
}
