import { statSync } from 'node:fs'
import type { Check } from './check.ts'
import type { Context } from './context.ts'
import { environmentOf, systemdVersion, TAKES_NOTHING, type Unit, type UnitEnvironment } from './systemd.ts'

const UNIT = 'berth.service'
/** From this version on a unit can say where below its cgroup the service itself is (`DelegateSubgroup`). */
const HAS_SUBGROUPS = 254

/** How the service is kept going. Only asked where one is meant to be. */
export async function unitChecks(context: Context, unit: Unit | null): Promise<readonly Check[]> {
  const version = await systemdVersion()
  if (version === null) return [{ what: 'service', state: 'note', text: NO_SYSTEMD }]
  if (unit === null) return [{ what: 'service', state: 'note', text: NO_UNIT }]
  const environment = environmentOf(unit)
  return [
    ...(unit.of('UnitFileState').startsWith('enabled') ? [] : [fault(NOT_ENABLED)]),
    ...(unit.of('ActiveState') === 'active' ? [] : [fault(notActive(unit))]),
    ...(unit.of('NeedDaemonReload') === 'yes' ? [remark(RELOAD)] : []),
    killMode(unit),
    ...restrictions(unit),
    ...(unit.of('Delegate') === 'yes' ? [] : [remark(NOT_DELEGATED)]),
    ...memory(context, version),
    ...sameAs(context, environment),
    ...closedFiles(environment),
    ...openFiles(environment),
  ]
}

function fault(text: string): Check {
  return { what: 'service', state: 'bad', text }
}

function remark(text: string): Check {
  return { what: 'service', state: 'note', text }
}

const NO_SYSTEMD =
  'no systemd answers here: whatever starts `berth serve` has to end that one process with TERM, and neither its group nor its cgroup, or all runs end with it (docs/operations.md)'
const NO_UNIT = `systemd knows no ${UNIT}: copy deploy/systemd to /etc/systemd/system, then systemctl daemon-reload && systemctl enable --now ${UNIT}`
const NOT_ENABLED = `${UNIT} does not start with the machine: systemctl enable ${UNIT}`
const RELOAD = `the file of ${UNIT} has changed since systemd read it: systemctl daemon-reload`
const NOT_DELEGATED = `${UNIT} gives runs no cgroups of their own: add Delegate=yes (systemctl edit ${UNIT})`

function notActive(unit: Unit): string {
  return `${UNIT} is ${unit.of('ActiveState')}: systemctl start ${UNIT}; journalctl -u ${UNIT} -n 50 says why it ended`
}

function killMode(unit: Unit): Check {
  const mode = unit.of('KillMode')
  if (mode === 'process')
    return { what: 'service', state: 'good', text: `${UNIT}: KillMode=process, runs outlive its restarts` }
  return fault(
    `${UNIT} has KillMode=${mode}: each restart of it ends all runs; set KillMode=process (systemctl edit ${UNIT}, then systemctl daemon-reload)`,
  )
}

/** A property that this systemd does not know is not set. */
function restrictions(unit: Unit): readonly Check[] {
  const taking = Object.entries(TAKES_NOTHING)
    .filter(([name, harmless]) => !['', harmless].includes(unit.of(name)))
    .map(([name]) => `${name}=${unit.of(name)}`)
  if (taking.length === 0) return []
  return [
    fault(
      `${UNIT} has ${taking.join(', ')}, which stages and teardowns inherit and break on: take it out (deploy/systemd/berth.service says why)`,
    ),
  ]
}

function memory({ config: { stageLimits } }: Context, version: number): readonly Check[] {
  if (stageLimits.memoryBytes === null || version >= HAS_SUBGROUPS) return []
  return [
    remark(
      `systemd ${version} cannot start the service again while runs with a limit of memory live (status 219/CGROUP): it comes back when they have ended; systemd ${HAS_SUBGROUPS} has DelegateSubgroup for it`,
    ),
  ]
}

/** What this looked at is what the service works with. */
function sameAs({ config, state }: Context, { env }: UnitEnvironment): readonly Check[] {
  const [file, root] = [env['BERTH_CONFIG'] ?? null, env['BERTH_STATE_DIR'] ?? null]
  const other = [
    ...(file === null || file === config.file ? [] : [`BERTH_CONFIG=${file}`]),
    ...(root === null || root === state.root ? [] : [`BERTH_STATE_DIR=${root}`]),
  ]
  if (other.length === 0) return []
  const seen = `${config.file ?? 'no configuration'} and ${state.root}`
  return [
    remark(`${UNIT} works with others than this has looked at (${seen}): ${other.join(' ')} berth doctor`),
  ]
}

function closedFiles({ closed }: UnitEnvironment): readonly Check[] {
  return closed.map((file) =>
    remark(`${file} cannot be read by this user: as root, doctor sees the credentials, too`),
  )
}

function openFiles({ files }: UnitEnvironment): readonly Check[] {
  return files
    .filter(isOpen)
    .map((file) =>
      fault(`every user of this machine, stages among them, can read ${file}: chmod 600 ${file}`),
    )
}

/** Readable for others than its owner and its group. */
export function isOpen(file: string): boolean {
  return ((statSync(file, { throwIfNoEntry: false })?.mode ?? 0) & 0o004) !== 0
}
