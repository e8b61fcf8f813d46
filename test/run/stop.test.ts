import { expect, test } from 'vitest'
import type { StopRequest } from '../../src/model/journal.ts'
import { Stop } from '../../src/run/stop.ts'

test('R-RUN-22 R-RUN-03 a stop that cannot be read stops the run', () => {
  const announced: StopRequest[] = []
  const file = {
    note: () => false,
    read() {
      throw new Error('stop.json cannot be read')
    },
  }
  const stop = new Stop(file, (asked) => announced.push(asked))
  stop.look()
  expect(announced).toMatchObject([{ reason: 'fault', by: 'stop.json cannot be read' }])
  expect(stop.signal.aborted).toBe(true)
})
