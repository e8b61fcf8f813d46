import { expect, test } from 'vitest'
import { isLimited, type Limits, NO_LIMITS, strictest } from '../../src/model/limits.ts'
import { readRunRequest } from '../../src/model/run.ts'
import { requestFor } from '../lock/world.ts'

test('R-RUN-20 a recipe may ask for less than the operator gives, never for more', () => {
  const asked: Limits = { memoryBytes: 1e9, processes: 100, cpus: null }
  const most: Limits = { memoryBytes: 2e9, processes: 50, cpus: 2 }
  expect(strictest(asked, most)).toEqual({ memoryBytes: 1e9, processes: 50, cpus: 2 })
  expect(isLimited(strictest(NO_LIMITS, NO_LIMITS))).toBe(false)
})

test('R-RUN-20 limits come back from request.json, and a request of an older berth has none', () => {
  const limits: Limits = { memoryBytes: 1e9, processes: null, cpus: 0.5 }
  const request = { ...requestFor('run', ['a.example']), limits }
  const again = JSON.parse(JSON.stringify(request))
  expect(readRunRequest(again).limits).toEqual(limits)
  expect(readRunRequest({ ...again, limits: undefined }).limits).toEqual(NO_LIMITS)
})
