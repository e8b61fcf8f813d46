import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../src/errors.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const INSTALLED = '/opt/berth'
const SERVICE = read('scripts/berth-janitor.service')
const TIMER = read('scripts/berth-janitor.timer')

/** Command lines of what is copied to a machine: of the unit, and of each line of the crontab behind its time and its user. */
const COMMANDS = [
  ...valuesOf(SERVICE, 'ExecStart'),
  ...read('scripts/berth.cron')
    .split('\n')
    .flatMap((line) => /^(?:@\w+|(?:\S+\s+){5})\s*root (.*)$/.exec(line)?.[1] ?? []),
]

function read(file: string): string {
  return readFileSync(join(PROJECT, file), 'utf8')
}

function valuesOf(unit: string, key: string): readonly string[] {
  return [...unit.matchAll(new RegExp(`^${key}=(.*)$`, 'gm'))].map(([, value = '']) => value)
}

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'berth-units-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

test('the crontab has a sweep every few minutes and one after a start of the machine', () => {
  expect(COMMANDS).toHaveLength(3)
})

test.each(COMMANDS)('R-JAN-06 `%s` is a command that there is, and ends well on a clean state', (command) => {
  const root = folder()
  const config = join(root, 'berth.yml')
  writeFileSync(config, `stateDir: ${join(root, 'state')}\n`)
  const here = command
    .replaceAll(INSTALLED, PROJECT.replace(/\/$/, ''))
    .replace(/^BERTH_CONFIG=\S+/, `BERTH_CONFIG=${config}`)
  expect(here).not.toBe(command)
  const env = { PATH: '/usr/bin:/bin', BERTH_CONFIG: config }
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', here], { cwd: root, env, encoding: 'utf8' })
  expect([status, stdout, stderr], 'cron mails what is printed').toEqual([0, '', ''])
  expect(existsSync(join(root, 'state', 'locks'))).toBe(true)
})

test('R-JAN-06 a sweep that cleaned, and one that met another janitor, are no failures of the unit; one that left something is', () => {
  const [codes = ''] = valuesOf(SERVICE, 'SuccessExitStatus')
  expect(codes.split(' ').map(Number)).toEqual([EXIT.cleaned, EXIT.busy])
  expect(valuesOf(SERVICE, 'KillMode'), 'a recovery outlives its sweep').toEqual(['process'])
  expect(valuesOf(SERVICE, 'Delegate'), 'cgroups for its teardowns').toEqual(['yes'])
})

test('R-JAN-01 nothing in the unit hides processes, mounts or devices from the sweep and its teardowns', () => {
  const hides =
    /^(Private|Protect(System|Home|Proc|ControlGroups)|ProcSubset|ReadOnly|Inaccessible|Temporary|RootDirectory|DynamicUser|MemoryDeny|Device)/m
  expect(hides.test(SERVICE.replaceAll(/^#.*$/gm, ''))).toBe(false)
})

test('the timer belongs to the service, and begins after a start of the machine', () => {
  expect(valuesOf(TIMER, 'OnBootSec')).toHaveLength(1)
  expect(valuesOf(TIMER, 'OnUnitInactiveSec')).toEqual(['5min'])
  expect(valuesOf(TIMER, 'WantedBy')).toEqual(['timers.target'])
})

const VERIFIES = spawnSync('systemd-analyze', ['--version']).status === 0

test.skipIf(!VERIFIES)('systemd has nothing to say against the units (systemd-analyze)', () => {
  const root = folder()
  const names = ['berth-janitor.service', 'berth-janitor.timer']
  for (const name of names)
    writeFileSync(join(root, name), read(`scripts/${name}`).replaceAll(INSTALLED, PROJECT.replace(/\/$/, '')))
  const files = names.map((name) => join(root, name))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' })
  expect([status, stdout, stderr]).toEqual([0, '', ''])
})
