import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { EXIT } from '../../src/errors.ts'
import { LEAF } from '../../src/process/cgroup.ts'
import { hasTool } from '../hasTool.ts'

const PROJECT = fileURLToPath(new URL('../..', import.meta.url))
const INSTALLED = '/opt/berth'
const UNITS = readdirSync(join(PROJECT, 'deploy/systemd'))
const SERVICES = ['berth.service', 'berth-janitor.service'] as const
const SERVICE = read('deploy/systemd/berth-janitor.service')
const TIMER = read('deploy/systemd/berth-janitor.timer')

/** Command lines of what is copied to a machine: of the unit, and of each line of the crontab behind its time and its user. */
const COMMANDS = [
  ...valuesOf(SERVICE, 'ExecStart'),
  ...read('deploy/cron/berth')
    .split('\n')
    .flatMap((line) => /^(?:@\w+|(?:\S+\s+){5})\s*root (.*)$/.exec(line)?.[1] ?? [])
    .filter((command) => command.includes(' janitor ')),
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

test.each(SERVICES)('R-RUN-09 runs below %s outlive it, and what takes from them is left out', (name) => {
  const unit = read(`deploy/systemd/${name}`)
  expect(valuesOf(unit, 'KillMode')).toEqual(['process'])
  expect(valuesOf(unit, 'Delegate')).toEqual(['yes'])
  expect(valuesOf(unit, 'DelegateSubgroup'), 'where berth itself looks for it').toEqual([LEAF])
  expect(valuesOf(unit, 'OOMPolicy')).toEqual(['continue'])
  expect(unit.replaceAll(/^#.*$/gm, '')).not.toMatch(TAKES_FROM_RUNS)
})

/** Mount namespaces, covered parts of /proc and /sys, and namespaces and networks that stages may not have: berth.service says why for each. */
const TAKES_FROM_RUNS =
  /^(?:Private|Protect|ProcSubset|Read(?:Only|Write)|Inaccessible|Temporary|Root|Bind|DynamicUser|MemoryDeny|Device|RestrictNamespaces|RestrictSUIDSGID|RestrictAddress|IPAddress|NoExec|Exec(?:Paths)|RemoveIPC)/m

test('the janitor takes from teardowns what the service takes from runs, and no more', () => {
  const hardening = (name: string) =>
    read(`deploy/systemd/${name}`).match(/^(?:NoNew|Capability|SystemCall|Lock|RestrictRealtime).*$/gm)
  expect(hardening('berth-janitor.service')).toEqual(hardening('berth.service'))
})

test('the service is reloaded by the signal that it takes, starts after faults of others, and not after its own configuration', () => {
  const unit = read('deploy/systemd/berth.service')
  expect(valuesOf(unit, 'ExecReload')).toEqual(['/bin/kill -HUP $MAINPID'])
  expect(valuesOf(unit, 'Restart')).toEqual(['always'])
  expect(valuesOf(unit, 'RestartPreventExitStatus')).toEqual([String(EXIT.badInput)])
  expect(valuesOf(unit, 'UMask'), 'stages inherit it').toEqual(['0022'])
})

test('the timer belongs to the service, and begins after a start of the machine', () => {
  expect(valuesOf(TIMER, 'OnBootSec')).toHaveLength(1)
  expect(valuesOf(TIMER, 'OnUnitInactiveSec')).toEqual(['5min'])
  expect(valuesOf(TIMER, 'WantedBy')).toEqual(['timers.target'])
})

const VERIFIES = hasTool('systemd-analyze')

/** systemd says so before 254, and goes on (berth.service says what it is for). */
const UNKNOWN_BEFORE_254 = /^.*Unknown key(?: name)? 'DelegateSubgroup' in section .*\n/gm

test.skipIf(!VERIFIES)('systemd has nothing to say against the units (systemd-analyze)', () => {
  const root = copiedUnits()
  const files = UNITS.map((name) => join(root, name))
  const { status, stdout, stderr } = spawnSync('systemd-analyze', ['verify', ...files], { encoding: 'utf8' })
  expect([status, stdout, stderr.replace(UNKNOWN_BEFORE_254, '')]).toEqual([0, '', ''])
})

/** The most that is exposed, in percent: of a service whose stages may do nearly everything, and of a copy of the records. */
const MOST_EXPOSED = [
  ['berth.service', 78],
  ['berth-janitor.service', 78],
  ['berth-backup.service', 20],
] as const

test.skipIf(!VERIFIES).each(MOST_EXPOSED)(
  '%s exposes no more than %i percent of the machine (systemd-analyze)',
  (name, most) => {
    const words = [
      'security',
      '--offline=true',
      `--threshold=${most}`,
      '--no-pager',
      join(copiedUnits(), name),
    ]
    const { status, stdout } = spawnSync('systemd-analyze', words, { encoding: 'utf8' })
    expect([status, stdout.trim().split('\n').at(-1)]).toEqual([
      0,
      expect.stringContaining('Overall exposure level'),
    ])
  },
)

/** With the paths of this clone: verify looks whether the programs are there. */
function copiedUnits(): string {
  const root = folder()
  for (const name of UNITS)
    writeFileSync(
      join(root, name),
      read(`deploy/systemd/${name}`).replaceAll(INSTALLED, PROJECT.replace(/\/$/, '')),
    )
  return root
}
