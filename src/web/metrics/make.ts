import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { HarnessError } from '../../errors.ts'

interface Row<L extends string> {
  readonly name: string
  readonly help: string
  readonly labels: readonly L[]
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
  const { name, help, labels } = row
  const gauge: Gauge<L> = new Gauge({
    name,
    help,
    labelNames: labels,
    registers: [registry],
    collect: () => read(gauge),
  })
}

export function counterIn<L extends string>(registry: Registry, { name, help, labels }: Row<L>): Counter<L> {
  return new Counter({ name, help, labelNames: labels, registers: [registry] })
}

export function histogramIn<L extends string>(
  registry: Registry,
  { name, help, labels }: Row<L>,
): Histogram<L> {
  return new Histogram({ name, help, labelNames: labels, buckets: BUCKETS_SECONDS, registers: [registry] })
}
