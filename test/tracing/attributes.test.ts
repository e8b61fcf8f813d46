import * as conventions from '@opentelemetry/semantic-conventions/incubating'
import { expect, test } from 'vitest'
import { RESULTS } from '../../src/model/phases.ts'
import { ATTRIBUTES } from '../../src/tracing/attributes.ts'

const NAMES = new Set(valuesOf(/^ATTR_/))

test('R-OBS-02 every attribute is OpenTelemetry’s own, or begins with berth.', () => {
  const own = Object.keys(ATTRIBUTES).filter((name) => !name.startsWith('berth.'))
  expect(own.filter((name) => !NAMES.has(name))).toEqual([])
  expect(own.length).toBeGreaterThan(15)
})

test('R-OBS-02 results of runs and tasks are OpenTelemetry’s words', () => {
  expect(valuesOf(/^CICD_PIPELINE_RESULT_VALUE_/)).toEqual(expect.arrayContaining([...RESULTS]))
  expect(valuesOf(/^CICD_PIPELINE_TASK_RUN_RESULT_VALUE_/)).toEqual(expect.arrayContaining([...RESULTS]))
  expect(conventions.CICD_PIPELINE_ACTION_NAME_VALUE_RUN).toBe('RUN')
})

function valuesOf(pattern: RegExp): readonly unknown[] {
  return Object.entries(conventions)
    .filter(([name]) => pattern.test(name))
    .map(([, value]) => value)
}
