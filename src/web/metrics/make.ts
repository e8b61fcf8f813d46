import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { HarnessError } from '../../errors.ts'

interface Row<L extends string> {
  readonly name: string
  readonly help: string
  readonly labels: Readonly<Record<L, readonly string[]>>
}

/** From the answer of a webhook to a run of hours. */
const BUCKETS_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200]

/**
 * A metric that nobody fills would be missed by nobody but whoever watches for it (R-Q-01). That each is filled from events and states that there are,
 * the types say; that each is filled at all, they cannot.
 * @throws HarnessError METRICS
 */
export function mustHaveAll(registry: Registry, rows: readonly Pick<Row<string>, 'name'>[]): void {
  const missing = rows.filter(({ name }) => registry.getSingleMetric(name) === undefined)
  if (missing.length === 0) return
  const names = missing.map(({ name }) => name).join(', ')
  throw new HarnessError('METRICS', `Nothing fills these metrics, which are promised: ${names}`)
}

/** A gauge that is read anew whenever somebody asks. */
export function gaugeIn<L extends string>(
  registry: Registry,
  row: Row<L>,
  read: (gauge: Gauge<L>) => Promise<void>,
): void {
  const gauge: Gauge<L> = new Gauge({ ...settings(registry, row), collect: () => read(gauge) })
}

export function counterIn<L extends string>(registry: Registry, row: Row<L>): Counter<L> {
  return new Counter(settings(registry, row))
}

export function histogramIn<L extends string>(registry: Registry, row: Row<L>): Histogram<L> {
  return new Histogram({ ...settings(registry, row), buckets: BUCKETS_SECONDS })
}

function settings<L extends string>(registry: Registry, { name, help, labels }: Row<L>) {
  return { name, help, labelNames: namesOf(labels), registers: [registry] }
}

function namesOf<L extends string>(labels: Readonly<Record<L, unknown>>): L[] {
  return Object.keys(labels).filter((name): name is L => name in labels)
}

/** A clock that was set back makes nothing take less than no time. */
export function seconds(fromMs: number, toMs: number): number {
  return Math.max(0, toMs - fromMs) / 1000
}
