/** What one metric is: the only place that knows its name, its words and its labels. */
export interface MetricRow {
  readonly name: string
  readonly type: 'gauge' | 'counter' | 'histogram'
  readonly help: string
  /** Each label with all that it may say. */
  readonly labels: Readonly<Record<string, readonly string[]>>
}
