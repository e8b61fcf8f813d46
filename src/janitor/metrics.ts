import type { Finding } from './finding.ts'
import type { Swept } from './sweep.ts'

/** How many names are in which state. */
export type NameCounts = Readonly<Record<'free' | 'busy' | 'dirty' | 'blocked', number>>

/** One sweep, as it is told. Times in milliseconds, by the wall clock and from there on. */
export interface SweepReport extends Swept {
  readonly startedAtMs: number
  readonly tookMs: number
  /** Null = that could not be told. */
  readonly names: NameCounts | null
  readonly limitBytes: number
}

interface Sample {
  readonly labels?: Readonly<Record<string, string>>
  readonly value: number
}

interface GaugeRow {
  readonly help: string
  /** Each label with all that it may say. */
  readonly labels: Readonly<Record<string, readonly string[]>>
}

/** What can come of each kind of thing in a sweep. */
const OUTCOMES: Readonly<Record<Finding['what'], readonly Finding['action'][]>> = {
  name: ['cleaned', 'untouched', 'left', 'suspected leak', 'let go on'],
  run: ['ended', 'left'],
  tickets: ['left'],
  'lock file': ['removed', 'left'],
  'run folder': ['pruned', 'untouched', 'left'],
  mirror: ['pruned', 'untouched', 'left'],
  secrets: ['cleaned', 'left'],
  stack: ['cleaned', 'untouched', 'left'],
  engine: ['left'],
  image: ['pruned', 'left'],
}

/** All metrics of a sweep by their names, which begin with `berth_janitor_`. All are gauges: a sweep knows nothing of the one before it. */
export const JANITOR_METRICS = {
  last_sweep_timestamp_seconds: { help: 'When the last sweep began', labels: {} },
  last_sweep_duration_seconds: { help: 'How long the last sweep took', labels: {} },
  last_sweep_exit_code: { help: '0 nothing was left, 10 cleaned, 1 something is left', labels: {} },
  last_sweep_findings: {
    help: 'What the last sweep did, by kind of thing',
    labels: { what: Object.keys(OUTCOMES), action: [...new Set(Object.values(OUTCOMES).flat())] },
  },
  names: {
    help: 'Names after the last sweep, by state',
    labels: { state: ['free', 'busy', 'dirty', 'blocked'] },
  },
  suspected_leaks: { help: 'Locks that are held for longer than is due', labels: {} },
  run_folders: { help: 'Run folders that are kept', labels: {} },
  run_folder_bytes: { help: 'What the folders of runs that are over take of the disk', labels: {} },
  run_folder_limit_bytes: { help: 'What they may take', labels: {} },
} as const satisfies Readonly<Record<string, GaugeRow>>

/**
 * The sweep in Prometheus' text format, for the textfile collector of node_exporter. Labels take values of closed sets only, and each of them is
 * there also when it counts nothing.
 */
export function metricsText(report: SweepReport): string {
  const { startedAtMs, tookMs, exitCode, leaks, retained, limitBytes } = report
  const one = (value: number): readonly Sample[] => [{ value }]
  return [
    metric('last_sweep_timestamp_seconds', one(startedAtMs / 1000)),
    metric('last_sweep_duration_seconds', one(tookMs / 1000)),
    metric('last_sweep_exit_code', one(exitCode)),
    metric('last_sweep_findings', findingSamples(report)),
    metric('names', nameSamples(report)),
    metric('suspected_leaks', one(leaks.length)),
    metric('run_folders', one(retained.runFolders)),
    metric('run_folder_bytes', one(retained.bytes)),
    metric('run_folder_limit_bytes', one(limitBytes)),
  ].join('')
}

function findingSamples({ findings }: SweepReport): readonly Sample[] {
  return Object.entries(OUTCOMES).flatMap(([what, actions]) =>
    actions.map((action) => ({
      labels: { what, action },
      value: findings.filter((found) => found.what === what && found.action === action).length,
    })),
  )
}

function nameSamples({ names }: SweepReport): readonly Sample[] {
  return Object.entries(names ?? {}).map(([state, value]) => ({ labels: { state }, value }))
}

function metric(name: keyof typeof JANITOR_METRICS, samples: readonly Sample[]): string {
  const { help } = JANITOR_METRICS[name]
  const full = `berth_janitor_${name}`
  const lines = samples.map(({ labels = {}, value }) => `${full}${labelsText(labels)} ${value}\n`)
  return `# HELP ${full} ${help}\n# TYPE ${full} gauge\n${lines.join('')}`
}

function labelsText(labels: Readonly<Record<string, string>>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${value}"`)
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`
}
