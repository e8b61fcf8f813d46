import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { finding } from '../../src/janitor/finding.ts'
import { metricsText, type SweepReport } from '../../src/janitor/metrics.ts'

const LEAK = { name: 'a.ci.localhost', run: null, sinceMs: 1, overMs: 1, why: '', holders: [] }

const REPORT: SweepReport = {
  startedAtMs: 1_700_000_000_500,
  tookMs: 1250,
  findings: [
    finding('name', 'evil"} 1\nname', 'left', 'a"quote'),
    finding('run folder', 'x', 'pruned', ''),
    finding('run folder', 'y', 'pruned', ''),
    finding('name', LEAK.name, 'suspected leak', ''),
  ],
  leaks: [LEAK],
  retained: { runFolders: 12, bytes: 345 },
  names: { free: 3, busy: 2, dirty: 1, blocked: 0 },
  limitBytes: 10e9,
  exitCode: 1,
}

/** The text format of Prometheus, as far as gauges need it. */
const LINE =
  /^(# (HELP|TYPE) berth_janitor_[a-z_]+ .+|berth_janitor_[a-z_]+(\{[a-z]+="[a-z ]+"(,[a-z]+="[a-z ]+")*\})? \d+(\.\d+)?)$/

test('R-JAN-06 the metrics of a sweep are text that Prometheus reads, whatever names there are', () => {
  const lines = metricsText(REPORT).trimEnd().split('\n')
  expect(lines.filter((line) => !LINE.test(line))).toEqual([])
  const series = lines.filter((line) => !line.startsWith('#')).map((line) => line.replace(/ \S+$/, ''))
  expect(new Set(series).size, 'each once').toBe(series.length)
  const metrics = new Set(series.map((name) => name.replace(/\{.*/, '')))
  for (const kind of ['HELP', 'TYPE'])
    expect(new Set(lines.flatMap((line) => line.match(new RegExp(`^# ${kind} (\\S+)`))?.[1] ?? []))).toEqual(
      metrics,
    )
  expect(lines).toEqual(
    expect.arrayContaining([
      'berth_janitor_last_sweep_timestamp_seconds 1700000000.5',
      'berth_janitor_last_sweep_duration_seconds 1.25',
      'berth_janitor_last_sweep_exit_code 1',
      'berth_janitor_last_sweep_findings{what="name",action="left"} 1',
      'berth_janitor_last_sweep_findings{what="run folder",action="pruned"} 2',
      'berth_janitor_last_sweep_findings{what="mirror",action="pruned"} 0',
      'berth_janitor_names{state="dirty"} 1',
      'berth_janitor_suspected_leaks 1',
      'berth_janitor_run_folder_bytes 345',
    ]),
  )
})

test('R-JAN-06 no two sweeps have different series', () => {
  const seriesOf = (report: SweepReport) =>
    metricsText(report)
      .split('\n')
      .map((line) => line.replace(/ [\d.]+$/, ''))
  expect(seriesOf({ ...REPORT, findings: [], leaks: [] })).toEqual(seriesOf(REPORT))
})

test('R-JAN-06 whatever a sweep can find is counted', () => {
  const sources = ['sweep', 'retention', 'leftovers'].map((file) => `src/janitor/${file}.ts`)
  const texts = [...sources, 'src/process/pruneMirrors.ts', 'src/world/pulledImages.ts']
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  const found = [...texts.matchAll(/finding\(\s*'([^']+)',[^'\n]*?,\s*'([^']+)'/g)]
  const pairs = found.map(([, what, action]) => `{what="${what}",action="${action}"}`)
  expect(pairs.length).toBeGreaterThan(10)
  const text = metricsText(REPORT)
  expect(pairs.filter((pair) => !pair.includes('would') && !text.includes(pair))).toEqual([])
})
