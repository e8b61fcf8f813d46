import { expect, test } from 'vitest'
import { FIELDS } from '../../src/model/events/fields.ts'
import { EVENTS } from '../../src/model/events.ts'
import { newRunId } from '../../src/store/runId.ts'
import { METRICS } from '../../src/web/metrics/table.ts'
import { type Scene, startScene } from './scene.ts'

const HOSTILE = [
  'evil"} 1\nberth_evil_total{x="',
  '\u0000\u001b[31mevil',
  '../../evil',
  'x'.repeat(70_000),
  '__proto__',
  'constructor',
] as const

/** Samples of all metrics: name, labels. */
async function samplesOf(
  scene: Scene,
): Promise<readonly (readonly [string, Readonly<Record<string, string>>])[]> {
  const { text } = await scene.get('/metrics')
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [, name = '', labels = ''] = /^([a-z_]+)(?:\{(.*)\})? [^ ]+$/.exec(line) ?? [line, line]
      const pairs = [...labels.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label = '', value = '']) => [
        label,
        value,
      ])
      return [name, Object.fromEntries(pairs)] as const
    })
}

test('R-OBS-02 R-Q-08 whatever comes with whatever event, labels say words of their closed sets, and the number of series stays', async () => {
  await using scene = await startScene()
  feed(scene, HOSTILE[0])
  const first = await samplesOf(scene)
  expect(first.length).toBeGreaterThan(200)
  for (const [name, labels] of first) {
    const row = Object.values(METRICS).find(
      (one) => one.name === name || one.name === name.replace(/_(bucket|sum|count)$/, ''),
    )
    expect(row, name).toBeDefined()
    const allowed: Readonly<Record<string, readonly string[]>> = row?.labels ?? {}
    for (const [label, value] of Object.entries(labels))
      if (label !== 'le') expect(allowed[label], `${name} ${label}`).toContain(value)
  }
  for (const text of HOSTILE) feed(scene, text)
  expect((await samplesOf(scene)).length).toBe(first.length)
  expect((await scene.get('/metrics')).text).not.toContain('evil')
})

/** Every event there is, and some that there is not, with this text in each field; then with each of the kinds of things that it may hold. */
function feed({ metrics }: Scene, text: string): void {
  const fields = Object.keys(FIELDS)
  const values: readonly unknown[] = [text, [text], { evil: text }, 1, -1, Number.NaN, true, null, undefined]
  for (const event of [...Object.keys(EVENTS), text, `${text}.failed`, 'evil.failed', 'evil.fault'])
    for (const value of values) {
      metrics.observe(event, Object.fromEntries(fields.map((field) => [field, value])))
      metrics.observe(event, {
        ...Object.fromEntries(fields.map((field) => [field, value])),
        run: newRunId(),
      })
      metrics.observe(event, {
        isNew: true,
        runs: [text],
        comments: [1],
        receivedAtMs: 1,
        kind: text,
        outcome: text,
      })
    }
}

test('R-OBS-02 every label has a closed set of words, and no metric can have more than 2000 series', () => {
  const BUCKETS = 20
  for (const { name, labels, type } of Object.values(METRICS)) {
    const words: readonly (readonly string[])[] = Object.values(labels)
    for (const set of words) expect(new Set(set).size, name).toBe(set.length)
    const series = words.reduce((product, set) => product * set.length, type === 'histogram' ? BUCKETS : 1)
    expect(series, name).toBeLessThan(2000)
  }
})
