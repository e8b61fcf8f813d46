import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { parse } from 'yaml'
import { registrationLink } from '../../src/cli/init/manifest.ts'
import { type InitFlags, init } from '../../src/cli/init.ts'
import { loadInForce } from '../../src/config.ts'
import { InputError } from '../../src/errors.ts'
import { readCredentials } from '../../src/world/credentials.ts'
import { BERTH } from './fixtures/desk.ts'
import { atTerminal, HAS_TERMINAL } from './fixtures/terminal.ts'

const ROOT = join(import.meta.dirname, '../..')
const KEY = spawnSync('openssl', ['genrsa', '2048'], { encoding: 'utf8' }).stdout

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'berth-init-test-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

async function told(flags: Partial<InitFlags>): Promise<string> {
  let text = ''
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((piece) => {
    text += String(piece)
    return true
  })
  try {
    expect(await init({ yes: true, force: false, ...flags })).toBe(0)
    return text
  } finally {
    spy.mockRestore()
  }
}

function wishes(root: string): Partial<InitFlags> {
  return {
    folder: join(root, 'etc'),
    stateDir: join(root, 'state'),
    baseDomain: 'ci.example.org',
    repository: ['acme/site', 'coop-cloud/*'],
    driver: ['process', 'compose', 'swarm', 'coop-cloud'],
    start: 'systemd',
  }
}

/** Every file below a folder with its text. */
function filesIn(root: string): Readonly<Record<string, string>> {
  const names = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return Object.fromEntries(
    names.map(({ parentPath, name }) => [
      join(parentPath, name),
      readFileSync(join(parentPath, name), 'utf8'),
    ]),
  )
}

test('R-OBS-05 what berth init writes is a configuration that the service starts with', async () => {
  const root = folder()
  await told(wishes(root))
  const { config, recipes } = loadInForce(
    { env: { BERTH_CONFIG: join(root, 'etc/berth.yml') }, cwd: root },
    null,
  )
  expect(config).toMatchObject({
    stateDir: join(root, 'state'),
    baseDomain: 'ci.example.org',
    recipesDir: join(root, 'etc/recipes'),
  })
  expect(config.repositories.map(({ pattern }) => pattern)).toEqual(['acme/site', 'coop-cloud/*'])
  expect(recipes.map(({ name }) => name).sort()).toEqual(['compose', 'coop-cloud', 'process', 'swarm'])
  expect(statSync(join(root, 'etc/berth.env')).mode & 0o777).toBe(0o600)
  expect(statSync(join(root, 'etc/berth.yml')).mode & 0o777).toBe(0o644)
})

test('R-OBS-05 units and crontab are those that operators are given, with the paths of this machine', async () => {
  const root = folder()
  await told(wishes(root))
  const unit = readFileSync(join(root, 'etc/systemd/berth.service'), 'utf8')
  expect(unit).toContain(`ExecStart=${ROOT}/scripts/berth serve`)
  expect(unit).toContain(`EnvironmentFile=-${root}/etc/berth.env`)
  expect(unit).toContain(`Environment=BERTH_CONFIG=${root}/etc/berth.yml BERTH_STATE_DIR=${root}/state`)
  expect(unit).not.toMatch(/\/opt\/berth|=\/etc\/berth|\/var\/lib\/berth|^StateDirectory/m)
  const given = readFileSync(join(ROOT, 'deploy/systemd/berth.service'), 'utf8')
  expect(given.split('\n').length - unit.split('\n').length, 'the two lines of StateDirectory').toBe(2)
  await told({ ...wishes(root), folder: join(root, 'other'), start: 'cron' })
  expect(readFileSync(join(root, 'other/cron/berth'), 'utf8')).toContain(
    `BERTH_CONFIG=${root}/other/berth.yml ${ROOT}/scripts/berth janitor`,
  )
})

test('R-OBS-05 a second time nothing changes; what is another is named, and nothing written, without --force; then what was there is kept beside', async () => {
  const root = folder()
  await told(wishes(root))
  const before = filesIn(root)
  expect(await told(wishes(root))).not.toMatch(/Wrote|Replaced/)
  expect(filesIn(root)).toEqual(before)

  const file = join(root, 'etc/berth.yml')
  writeFileSync(file, 'baseDomain: mine.example.org\n')
  writeFileSync(join(root, 'etc/berth.env'), 'APP_ID=7\n')
  rmSync(join(root, 'etc/github-app.html'))
  const mine = filesIn(root)
  await expect(told(wishes(root))).rejects.toThrow(file)
  expect(filesIn(root)).toEqual(mine)

  expect(await told({ ...wishes(root), force: true })).toContain(
    `Replaced ${file}; what it said is in ${file}.before`,
  )
  expect(filesIn(root)).toEqual({
    ...before,
    [`${file}.before`]: 'baseDomain: mine.example.org\n',
    [join(root, 'etc/berth.env')]: 'APP_ID=7\n',
  })
})

test('R-OBS-05 answers that cannot be used are all named, in the place where they would stand, and nothing is written', async () => {
  const root = folder()
  const bad = {
    ...wishes(root),
    baseDomain: 'Not A Domain',
    repository: ['no-owner'],
    runAs: ['nobody-of-that-name'],
  }
  const error: unknown = await told(bad).catch((fault: unknown) => fault)
  expect(error).toBeInstanceOf(InputError)
  const text = String(error)
  for (const part of [`${root}/etc/berth.yml:`, 'baseDomain', 'no-owner', 'nobody-of-that-name'])
    expect(text).toContain(part)
  expect(existsSync(join(root, 'etc'))).toBe(false)
})

test('R-OBS-05 the manifest and the link ask for what app.yml asks for, at the right addresses', async () => {
  const root = folder()
  await told({ ...wishes(root), url: 'https://berth.example.org', organization: 'acme' })
  const page = readFileSync(join(root, 'etc/github-app.html'), 'utf8')
  expect(page).toContain('action="https://github.com/organizations/acme/settings/apps/new" method="post"')
  const value =
    /name="manifest" value="([^"]*)"/.exec(page)?.[1]?.replaceAll('&quot;', '"').replaceAll('&amp;', '&') ??
    ''
  const app: unknown = parse(readFileSync(join(ROOT, 'app.yml'), 'utf8'))
  expect(JSON.parse(value)).toEqual({
    ...Object(app),
    url: 'https://berth.example.org',
    hook_attributes: { url: 'https://berth.example.org/api/github/webhooks', active: true },
    redirect_url: 'https://berth.example.org/',
    callback_urls: ['https://berth.example.org/sign-in/callback'],
  })
  const link = new URL(registrationLink({ url: 'https://berth.example.org', organization: null }))
  const { default_events: events, default_permissions: permissions } = Object(app)
  expect(link.searchParams.getAll('events[]')).toEqual(events)
  expect(Object.fromEntries(link.searchParams)).toMatchObject(permissions)
})

test('R-OBS-05 the code that GitHub gives is turned into credentials that the service starts with, once', async () => {
  const root = folder()
  const asked: string[] = []
  const gitHub = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`)
    response.writeHead(request.url?.includes('good') === true ? 201 : 404, {
      'content-type': 'application/json',
    })
    response.end(
      JSON.stringify({
        id: 4711,
        pem: KEY,
        webhook_secret: 's3cret',
        client_id: 'Iv1.abc',
        client_secret: 'cs',
        html_url: 'https://github.com/apps/berth',
      }),
    )
  }).listen(0, '127.0.0.1')
  onTestFinished(() => void gitHub.close())
  await once(gitHub, 'listening')
  vi.stubEnv('GHE_HOST', `127.0.0.1:${(gitHub.address() as AddressInfo).port}`)
  vi.stubEnv('GHE_PROTOCOL', 'http')
  onTestFinished(() => void vi.unstubAllEnvs())
  await told(wishes(root))
  const at = { folder: join(root, 'etc') }
  await expect(told({ ...at, appCode: 'old' })).rejects.toThrow('a code is good for an hour, and once')
  expect(await told({ ...at, appCode: 'good' })).toContain('https://github.com/apps/berth/installations/new')
  expect(asked).toEqual([
    'POST /api/v3/app-manifests/old/conversions',
    'POST /api/v3/app-manifests/good/conversions',
  ])
  const file = join(root, 'etc/berth.env')
  const env = Object.fromEntries(
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line) => (/^[A-Z_]+=/.test(line) ? [line.split(/=(.*)/)] : [])),
  )
  expect(readCredentials(env)).toMatchObject({
    appId: 4711,
    privateKey: expect.stringContaining('PRIVATE KEY'),
    webhookSecret: 's3cret',
    publicUrl: 'https://berth.ci.example.org',
    client: { id: 'Iv1.abc', secret: 'cs' },
  })
  for (const one of [file, env['PRIVATE_KEY_PATH'] ?? '']) expect(statSync(one).mode & 0o777).toBe(0o600)
  await expect(told({ ...at, appCode: 'good' })).rejects.toThrow('has the credentials of App 4711')
})

test.skipIf(!HAS_TERMINAL)(
  'R-OBS-05 at a terminal berth init asks, takes no nonsense, and writes what was answered; who leaves has written nothing',
  {
    timeout: 240_000,
  },
  async () => {
    const root = folder()
    mkdirSync(join(root, 'home'))
    const env = { HOME: join(root, 'home'), XDG_STATE_HOME: join(root, 'xdg') }
    const command = [BERTH, 'init', '--folder', join(root, 'etc')]
    {
      await using person = atTerminal(command, env)
      await person.sees('Under which domain')
      person.type('\u0003')
      expect(await person.ended).toEqual({ code: 130, restored: true })
      expect(existsSync(join(root, 'etc'))).toBe(false)
    }
    await using person = atTerminal(
      [...command, '--start', 'none', '--state-dir', join(root, 'state')],
      env,
      [120, 60],
    )
    await person.sees('Under which domain')
    person.type('Not A Domain\r')
    await person.sees('must be 1 to 63')
    person.type(`${'\u007f'.repeat(12)}ci.example.org\r`)
    for (const question of [
      'Where are locks',
      'Where do GitHub',
      'Whose pull requests',
      'What do runs deploy with',
      'Users of stages',
    ]) {
      await person.sees(question)
      person.type(question.startsWith('Whose') ? 'acme/site\r' : '\r')
    }
    expect(await person.ended).toEqual({ code: 0, restored: true })
    const { config } = loadInForce({ env: { BERTH_CONFIG: join(root, 'etc/berth.yml') }, cwd: root }, null)
    expect(config).toMatchObject({
      baseDomain: 'ci.example.org',
      stateDir: join(root, 'state'),
      repositories: [{ pattern: 'acme/site', recipes: ['process'] }],
    })
  },
)

test('R-OBS-05 the library for questions is loaded only where somebody is asked', () => {
  const files = globSync('src/**/*.ts', { cwd: ROOT }).map((file) => ({
    file,
    text: readFileSync(join(ROOT, file), 'utf8'),
  }))
  expect(files.filter(({ text }) => text.includes('@clack/prompts')).map(({ file }) => file)).toEqual([
    'src/cli/init/questions.ts',
  ])
  const loads = files.flatMap(({ text }) => text.match(/^.*init\/questions\.ts'.*$/gm) ?? [])
  expect(loads).toHaveLength(2)
  expect(loads.filter((line) => !/^import type |await import\(/.test(line))).toEqual([])
})
