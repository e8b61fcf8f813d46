import { resolve } from 'node:path'
import { EXIT, InputError, messageOf } from '../errors.ts'
import { alarmsOf } from '../janitor/alarms.ts'
import type { Finding } from '../janitor/finding.ts'
import { metricsText, type NameCounts, type SweepReport } from '../janitor/metrics.ts'
import type { JanitorWorld } from '../janitor/ports.ts'
import { sweep } from '../janitor/sweep.ts'
import { lookAtNames } from '../lock/look.ts'
import { lockAlone } from '../lock/single.ts'
import { leaveAlarm } from '../store/alarmFiles.ts'
import { replaceShared } from '../store/durable.ts'
import { noteSweep } from '../store/sweeps.ts'
import type { Context } from './context.ts'
import { jsonText } from './json.ts'
import { paintOf } from './screen.ts'
import { table } from './table.ts'

export interface JanitorOptions {
  readonly dryRun: boolean
  readonly json: boolean
  /** Only what a person has to look at: for cron, which mails what is printed. */
  readonly quiet: boolean
  /** A file for the textfile collector of node_exporter; null = none. */
  readonly metrics: string | null
}

/** `berth janitor`: one sweep. A second janitor on the same state folder ends politely; a dry run takes no lock at all. */
export async function janitor(
  context: Context,
  world: JanitorWorld,
  options: JanitorOptions,
): Promise<number> {
  if (options.dryRun && options.metrics !== null)
    throw new InputError('berth janitor --metrics', ['a dry run sweeps nothing; leave one of the two out'])
  const other = options.dryRun ? null : lockAlone(context.state.janitorLock, 'janitor')
  if (other !== null) {
    context.stderr.write(`berth janitor: another janitor is at work here (${other})\n`)
    return EXIT.busy
  }
  const report = await reportOf(context, world, options.dryRun)
  if (!options.dryRun) {
    leaveAlarms(context, report)
    note(context, report)
  }
  show(context, report, options)
  return options.metrics === null ? report.exitCode : writeMetrics(context, options.metrics, report)
}

async function reportOf(context: Context, world: JanitorWorld, dryRun: boolean): Promise<SweepReport> {
  const [startedAtMs, begun] = [Date.now(), performance.now()]
  const swept = await sweep(world, dryRun)
  const limitBytes = context.config.retention.sizeBytes
  const names = namesNow(context)
  return { startedAtMs, tookMs: Math.round(performance.now() - begun), ...swept, names, limitBytes }
}

/** For the service to send: a sweep waits for no receiver, and has no records to send from once more. */
function leaveAlarms({ state, config, stderr }: Context, report: SweepReport): void {
  if (config.notify.webhook === null) return
  for (const alarm of alarmsOf(report, report.startedAtMs))
    try {
      leaveAlarm(state, alarm)
    } catch (error) {
      stderr.write(`berth janitor: alarm ${alarm.id} cannot be written: ${messageOf(error)}\n`)
    }
}

/** What is shown of one sweep; a machine with thousands of leftovers shall not make a page of megabytes. */
const MOST_FINDINGS = 100
const MOST_WHY = 500

/** For the pages: a sweep that cannot be noted has swept all the same. */
function note({ state, stderr }: Context, report: SweepReport): void {
  const { startedAtMs, tookMs, exitCode, findings, leaks, names, retained, limitBytes } = report
  const shown = findings
    .slice(0, MOST_FINDINGS)
    .map(({ what, name, action, why }) => ({ what, name, action, why: why.slice(0, MOST_WHY) }))
  const what = { findings: shown, findingCount: findings.length, leakCount: leaks.length, names }
  try {
    noteSweep(state, { startedAtMs, tookMs, exitCode, ...what, ...retained, limitBytes })
  } catch (error) {
    stderr.write(`berth janitor: the sweep cannot be noted: ${messageOf(error)}\n`)
  }
}

function namesNow({ state, stderr }: Context): NameCounts | null {
  try {
    const counts = { free: 0, busy: 0, dirty: 0, blocked: 0 }
    for (const look of lookAtNames(state)) counts[look.state] += 1
    return counts
  } catch (error) {
    stderr.write(`berth janitor: names cannot be counted: ${messageOf(error)}\n`)
    return null
  }
}

function show(context: Context, report: SweepReport, { dryRun, json, quiet }: JanitorOptions): void {
  const { stdout } = context
  const { startedAtMs, tookMs, exitCode, names, leaks, retained, limitBytes } = report
  const findings = quiet ? report.findings.filter(needsAPerson) : report.findings
  if (json) {
    const retention = { ...retained, limitBytes, days: context.config.retention.days }
    stdout.write(jsonText({ startedAtMs, tookMs, dryRun, exitCode, findings, leaks, names, retention }))
  } else if (findings.length > 0)
    stdout.write(
      table(
        ['what', 'name', { head: 'action', paint: paintOf }, 'why'],
        findings.map(({ what, name, action, why }) => [what, name, action, why]),
        stdout,
      ),
    )
  else if (!quiet) stdout.write('Nothing was left.\n')
}

function needsAPerson({ action }: Finding): boolean {
  return action === 'left' || action === 'suspected leak'
}

/** Whatever was found: a sweep that is not told looks like none. */
function writeMetrics({ cwd, stderr }: Context, file: string, report: SweepReport): number {
  try {
    replaceShared(resolve(cwd, file), metricsText(report))
    return report.exitCode
  } catch (error) {
    stderr.write(`berth janitor: ${file} cannot be written: ${messageOf(error)}\n`)
    return report.exitCode === EXIT.red ? EXIT.red : EXIT.harness
  }
}
