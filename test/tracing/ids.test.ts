import { expect, test } from 'vitest'
import { newRunId } from '../../src/store/runId.ts'
import { spanIdOf, traceIdOf, traceparentOf } from '../../src/tracing/ids.ts'

test('R-OBS-02 ids are the same for whoever makes them, and as W3C’s trace context wants them', () => {
  expect(traceparentOf('01jn8k2v5tqx7m3c', 'stage:check')).toBe(
    '00-7c6bd2f20d9f14243fb5f95f189640dd-fb762c60fd06cd42-01',
  )
  const run = newRunId()
  expect(traceparentOf(run, 'stage:check')).toBe(`00-${traceIdOf(run)}-${spanIdOf(run, 'stage:check')}-01`)
  expect(traceparentOf(run, 'x')).toMatch(/^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-01$/)
})

test('R-OBS-02 no two runs, and no two parts of a run, have the same', () => {
  const runs = Array.from({ length: 500 }, newRunId)
  expect(new Set(runs.map(traceIdOf)).size).toBe(new Set(runs).size)
  const parts = runs.flatMap((run) => ['run', 'queue', 'stage:a', 'stage:b'].map((key) => spanIdOf(run, key)))
  expect(new Set(parts).size).toBe(new Set(runs).size * 4)
})
