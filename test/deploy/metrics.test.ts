import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { JANITOR_METRICS } from '../../src/janitor/metrics.ts'
import { fieldsOf } from '../../src/model/read.ts'
import { METRICS } from '../../src/web/metrics/table.ts'
import { hasTool } from '../hasTool.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const RULES = 'deploy/prometheus/berth.rules.yml'
const DASHBOARD = 'deploy/grafana/berth.json'

type Labels = Readonly<Record<string, readonly string[]>>

/** Every series that berth writes, by its name, with all that its labels can say. */
const SERIES: ReadonlyMap<string, Labels> = new Map([
  ...Object.values(METRICS).flatMap(({ name, type, labels }): readonly (readonly [string, Labels])[] =>
    type === 'histogram'
      ? ['_bucket', '_sum', '_count'].map((end) => [`${name}${end}`, labels] as const)
      : [[name, labels]],
  ),
  ...Object.entries(JANITOR_METRICS).map(([name, { labels }]): readonly [string, Labels] => [
    `berth_janitor_${name}`,
    labels,
  ]),
])

const SELECTOR = /\b(berth_\w+)(?:\{([^}]*)\})?/g
const MATCHER = /(\w+)\s*(=~|!~|!=|=)\s*"([^"]*)"/g

/** What an expression asks for that berth does not have: names of series, labels, and words that a label never says. */
function unknownIn(expression: string): readonly string[] {
  return [...expression.matchAll(SELECTOR)].flatMap(([, name = '', selector = '']) => {
    const labels = SERIES.get(name)
    if (labels === undefined) return [name]
    return [...selector.matchAll(MATCHER)].flatMap(([, label = '', , words = '']) => {
      const known = labels[label]
      if (known === undefined) return [`${name}{${label}}`]
      return words.split('|').filter((word) => !known.includes(word.replaceAll('\\\\', '')))
    })
  })
}

interface Rule {
  readonly alert: string
  readonly expr: string
  readonly annotations: Readonly<Record<string, string>>
}

function rules(): readonly Rule[] {
  return parse(readFileSync(`${ROOT}/${RULES}`, 'utf8')).groups.flatMap(
    (group: { readonly rules: readonly Rule[] }) => group.rules,
  )
}

/** All of a panel's and a variable's expressions, wherever they stand. */
function expressionsIn(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(expressionsIn)
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'expr' && typeof inner === 'string' ? [inner] : expressionsIn(inner),
  )
}

describe('what watches berth', () => {
  test('R-OBS-02 every series, label and word that the alert rules ask for is one that berth writes', () => {
    const asked = rules().map(({ alert, expr }) => [alert, unknownIn(expr)])
    expect(asked.length).toBeGreaterThan(20)
    expect(asked.filter(([, unknown]) => unknown?.length !== 0)).toEqual([])
  })

  test('R-OBS-02 every series, label and word that the dashboard shows is one that berth writes', () => {
    const dashboard = fieldsOf(JSON.parse(readFileSync(`${ROOT}/${DASHBOARD}`, 'utf8')), DASHBOARD)
    const expressions = expressionsIn(dashboard)
    expect(expressions.length).toBeGreaterThan(20)
    expect(expressions.flatMap(unknownIn)).toEqual([])
    const shown = new Set(expressions.flatMap((text) => [...text.matchAll(SELECTOR)].map(([, name]) => name)))
    const unshown = Object.values(METRICS).filter(
      ({ name, type }) =>
        ![name, `${name}_bucket`, `${name}_count`].some((one) => shown.has(one)) && type !== 'gauge',
    )
    expect(
      unshown.map(({ name }) => name),
      'counters and histograms that nobody would see',
    ).toEqual([])
  })

  test('every alert leads to a part of docs/stuck.md that there is', () => {
    const page = readFileSync(`${ROOT}/docs/stuck.md`, 'utf8')
    const titles = [...page.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} -]/gu, '')
        .replaceAll(' ', '-'),
    )
    const anchors = new Set(titles)
    const leads = rules().map(({ alert, annotations }) => [alert, annotations['runbook'] ?? ''] as const)
    expect(leads.filter(([, to]) => !anchors.has(/^docs\/stuck\.md#(\S+)$/.exec(to)?.[1] ?? ''))).toEqual([])
  })
})

const CHECKS = hasTool('promtool')

test.skipIf(!CHECKS)(
  'Prometheus takes the alert rules, and they come and go as they should (promtool)',
  () => {
    const check = spawnSync('promtool', ['check', 'rules', RULES], { cwd: ROOT, encoding: 'utf8' })
    expect([check.status, check.stderr]).toEqual([0, ''])
    const tried = spawnSync('promtool', ['test', 'rules', 'test/deploy/rules.yml'], {
      cwd: ROOT,
      encoding: 'utf8',
    })
    expect([tried.status, `${tried.stdout}${tried.stderr}`]).toEqual([0, expect.stringContaining('SUCCESS')])
  },
)
