import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'
import { SHA } from '../store/samples.ts'

const LINE = new URL('../../src/queue/line.ts', import.meta.url).href
const RUNS = 20_000
const LANES = 200

/** Each as it comes from the records, with strings of its own. */
const PROGRAM = `
  const { Line } = await import('${LINE}')
  const row = (index) => JSON.parse(JSON.stringify({
    id: String(index).padStart(16, '0'), priority: 0, enqueuedAtMs: 1.7e12 + index,
    names: ['site-hello-pr' + index % ${LANES} + '.ci.test'], repositoryId: '421337', pr: index % ${LANES},
    recipe: 'hello', sha: '${SHA}', stop: null, waitsFor: null }))
  const used = () => { for (let times = 0; times < 4; times += 1) gc(); return process.memoryUsage().heapUsed }
  const line = new Line()
  const enter = (from, to) => { for (let index = from; index < to; index += 1) line.apply({ queued: [row(index)], left: [] }) }
  enter(0, ${LANES})
  line.takeTouched()
  const before = used()
  enter(${LANES}, ${LANES + RUNS})
  line.takeTouched()
  console.log((used() - before) / ${RUNS}, line.size)`

test('R-QUE-05 a run that waits in a long queue takes the memory of its place, and no copy of what it has in common with its neighbours', () => {
  const words = ['--expose-gc', '--input-type=module', '-e', PROGRAM]
  const [bytes, size] = execFileSync(process.execPath, words, { encoding: 'utf8' }).split(' ').map(Number)
  expect(size).toBe(LANES + RUNS)
  expect(bytes).toBeGreaterThan(100)
  expect(bytes).toBeLessThan(330)
})
