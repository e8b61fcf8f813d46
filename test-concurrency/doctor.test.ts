import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { describe, expect } from 'vitest'
import { generateAppKeys } from '../src/sandbox/keys.ts'
import { noteBackup } from '../src/store/backupNote.ts'
import { statePaths } from '../src/store/stateFolder.ts'
import { noteSweep } from '../src/store/sweeps.ts'
import { doctorSays, type Finding } from './fixtures/doctor.ts'
import { IS_ROOT } from './fixtures/needs.ts'
import { outputOf } from './fixtures/started.ts'
import { test } from './fixtures/test.ts'
import type { World } from './fixtures/world.ts'

const KEYS = generateAppKeys()
const HOUR_MS = 60 * 60_000

/** Only what a service needs. */
const OF_A_SERVICE = new Set([
  'service',
  'janitor',
  'last sweep',
  'backup',
  'public address',
  'sign-in',
  'webhook secret',
  'private key',
  'clock',
  'HOST',
  'log',
  'log rotation',
])

/** As `systemctl show` of systemd 252 has it, for the unit that we give. */
const GOOD_UNIT = {
  LoadState: 'loaded',
  ActiveState: 'active',
  UnitFileState: 'enabled',
  NeedDaemonReload: 'no',
  KillMode: 'process',
  Delegate: 'yes',
  Environment: '',
  EnvironmentFiles: '',
  PrivateTmp: 'no',
  ProtectSystem: 'no',
  ProtectProc: 'default',
}

describe.concurrent('doctor on a machine that is to keep a service going', () => {
  test('says nothing of a service where none is meant to be', async ({ world }) => {
    const found = await doctorSays(world, world.env)
    expect(found.filter(({ what }) => OF_A_SERVICE.has(what))).toEqual([])
  })

  test('R-RUN-09 says that a restart would end all runs, what takes from them, and what is not enabled', async ({
    world,
  }) => {
    systemd(world, {
      ...GOOD_UNIT,
      KillMode: 'control-group',
      PrivateTmp: 'yes',
      UnitFileState: 'disabled',
      ActiveState: 'failed',
      NeedDaemonReload: 'yes',
    })
    const texts = textsOf(await doctorSays(world, world.env), 'service', 'bad')
    expect(texts).toEqual([
      expect.stringMatching(/does not start with the machine: systemctl enable berth\.service/),
      expect.stringMatching(/is failed: systemctl start berth\.service; journalctl/),
      expect.stringMatching(/KillMode=control-group: each restart of it ends all runs; set KillMode=process/),
      expect.stringMatching(/has PrivateTmp=yes, which stages and teardowns inherit/),
    ])
  })

  test('is content with the units that we give, a recent sweep and a recent copy', async ({ world }) => {
    systemd(world, GOOD_UNIT)
    await outputOf(world.berth('janitor'))
    writeFileSync(statePaths(world.state).database, '')
    const file = join(world.root, 'copy.db')
    writeFileSync(file, '')
    noteBackup(statePaths(world.state), { atMs: Date.now() - HOUR_MS, file })
    const found = await doctorSays(world, world.env)
    const states = ['service', 'janitor', 'last sweep', 'backup'].map((name) =>
      found.find(({ what }) => what === name),
    )
    expect(states.map((check) => check?.state)).toEqual(['good', 'good', 'good', 'good'])
  })

  test('R-JAN-01 says that nobody starts the janitor, that the last sweep is long ago, and that the copy is old or gone', async ({
    world,
  }) => {
    systemd(world, GOOD_UNIT, null)
    await outputOf(world.berth('locks'))
    const state = statePaths(world.state)
    noteSweep(state, { startedAtMs: Date.now() - 2 * HOUR_MS, exitCode: 0 })
    writeFileSync(state.database, '')
    noteBackup(state, { atMs: Date.now() - 9 * 24 * HOUR_MS, file: '/nowhere.db' })
    const found = await doctorSays(world, world.env)
    expect(textsOf(found, 'janitor', 'bad')).toEqual([
      expect.stringMatching(/nothing on this machine starts it/),
    ])
    expect(textsOf(found, 'last sweep', 'bad')).toEqual([expect.stringMatching(/^2h\d*[ms]?.* ago/)])
    await outputOf(world.berth('janitor'))
    const swept = textsOf(await doctorSays(world, world.env), 'janitor', 'note')
    expect(swept, 'as a container is, from outside').toEqual([
      expect.stringContaining('yet there are sweeps'),
    ])
    expect(textsOf(found, 'backup', 'note')).toEqual([expect.stringMatching(/9 days old \(\/nowhere\.db\)/)])
  })

  test.skipIf(!IS_ROOT)('finds the crontab that we give, where no timer does it', async ({ world }) => {
    systemd(world, GOOD_UNIT, null)
    const cron = `mount -t tmpfs none /etc/cron.d && cp deploy/cron/berth /etc/cron.d/ && cd "$0" && exec "$@"`
    const by = [
      'unshare',
      '--mount',
      'sh',
      '-c',
      `cd ${JSON.stringify(join(import.meta.dirname, '..'))} && ${cron}`,
      world.root,
    ]
    const check = (await doctorSays(world, world.env, by)).find(({ what }) => what === 'janitor')
    expect(check).toEqual({ what: 'janitor', state: 'good', text: 'started by /etc/cron.d/berth' })
  })

  test('reads the credentials that the unit gives its service, and says who else can read them, and what is weak or missing of them', async ({
    world,
  }) => {
    const [key, file] = [join(world.root, 'key.pem'), join(world.root, 'berth.env')]
    writeFileSync(key, (await KEYS).privateKey, { mode: 0o644 })
    const lines = [
      'APP_ID=4711',
      'WEBHOOK_SECRET=short',
      `PRIVATE_KEY_PATH=${key}`,
      'GHE_HOST=127.0.0.1:1',
      'GHE_PROTOCOL=http',
    ]
    writeFileSync(file, `${lines.join('\n')}\n`)
    chmodSync(file, 0o644)
    systemd(world, {
      ...GOOD_UNIT,
      EnvironmentFiles: `${file} (ignore_errors=yes)`,
      Environment: 'BERTH_STATE_DIR=/elsewhere "X=a b"',
    })
    const found = await doctorSays(world, world.env)
    expect(textsOf(found, 'github', 'good')).toEqual([expect.stringMatching(/^App 4711/)])
    expect(textsOf(found, 'webhook secret', 'bad')).toEqual([expect.stringMatching(/has 5 characters/)])
    expect(textsOf(found, 'private key', 'bad')).toEqual([expect.stringContaining(`chmod 600 ${key}`)])
    expect(textsOf(found, 'service', 'bad')).toEqual([expect.stringContaining(`chmod 600 ${file}`)])
    expect(textsOf(found, 'service', 'note')).toEqual([
      expect.stringContaining('BERTH_STATE_DIR=/elsewhere berth doctor'),
    ])
    expect(textsOf(found, 'sign-in', 'note')).toEqual([expect.stringContaining('/sign-in/callback')])
    expect(textsOf(found, 'public address', 'note')).toEqual([
      expect.stringContaining('BERTH_URL is not set'),
    ])
    expect(textsOf(found, 'clock', 'note')).toEqual([
      expect.stringMatching(/cannot be reached from here \(bad port\)/),
    ])
  })

  test('says by how much the clock is wrong, as GitHub has it', async ({ world, onTestFinished }) => {
    const gitHub = createServer((_, response) => {
      response.setHeader('date', new Date(Date.now() - 5 * 60_000).toUTCString())
      response.end()
    })
    await new Promise<void>((resolve) => gitHub.listen(0, '127.0.0.1', () => resolve()))
    onTestFinished(() => void gitHub.close())
    const address = gitHub.address()
    const port = typeof address === 'object' ? address?.port : null
    const env = {
      ...world.env,
      APP_ID: '4711',
      PRIVATE_KEY: (await KEYS).privateKey,
      WEBHOOK_SECRET: 'a secret of the tests',
      GITHUB_CLIENT_ID: 'Iv1.0123456789abcdef',
      GITHUB_CLIENT_SECRET: 'another secret',
      GHE_HOST: `127.0.0.1:${port}`,
      GHE_PROTOCOL: 'http',
    }
    const found = await doctorSays(world, env)
    const [text = ''] = textsOf(found, 'clock', 'bad')
    expect(Number(/^(\d+) s ahead of 127\.0\.0\.1/.exec(text)?.[1])).toBeGreaterThanOrEqual(299)
    expect(textsOf(found, 'sign-in', 'good')).toEqual([expect.stringContaining('Iv1.0123456789abcdef')])
  })
})

function textsOf(found: readonly Finding[], name: string, state: Finding['state']): readonly string[] {
  return found.filter((check) => check.what === name && check.state === state).map(({ text }) => text)
}

/** A `systemctl` that answers as systemd 252 does: none has booted this machine. Null = no timer is known. */
function systemd(
  world: World,
  unit: Readonly<Record<string, string>>,
  timer: 'active' | null = 'active',
): void {
  const folder = join(world.root, 'bin')
  mkdirSync(folder)
  const lines = (properties: Readonly<Record<string, string>>) =>
    Object.entries(properties)
      .map(([name, value]) => `${name}=${value}`)
      .join('\n')
  writeFileSync(join(folder, 'berth.service'), `${lines(unit)}\n`)
  const known = { LoadState: 'loaded', ActiveState: 'active', UnitFileState: 'enabled' }
  if (timer !== null) writeFileSync(join(folder, 'berth-janitor.timer'), `${lines(known)}\n`)
  const script = `#!/bin/sh
for name; do :; done
[ "$name" = --value ] && { echo '252 (252.38-1~deb12u1)'; exit; }
cat "${folder}/$name" 2>/dev/null || printf 'LoadState=not-found\\nActiveState=inactive\\n'
`
  writeFileSync(join(folder, 'systemctl'), script, { mode: 0o755 })
  world.prependPath(folder)
}
