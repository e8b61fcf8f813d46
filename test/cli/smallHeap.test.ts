import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const SMALL_HEAP = new URL('../../src/cli/smallHeap.ts', import.meta.url).href

/** Some 20 MB in use, and work that leaves behind what has outlived its first collections, as requests on their way do. */
const PROGRAM = `
  import { constants, PerformanceObserver } from 'node:perf_hooks'
  if (process.argv[1] === 'small') (await import('${SMALL_HEAP}')).keepHeapSmall()
  let collections = 0
  const isOfAll = ({ detail }) => detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR
  new PerformanceObserver((list) => { collections += list.getEntries().filter(isOfAll).length }).observe({ entryTypes: ['gc'] })
  const kept = Array.from({ length: 120_000 }, (_, index) => ({ id: 'x' + index, place: [index], at: { index } }))
  const underWay = new Array(5_000)
  for (let round = 0; round < 600; round += 1) {
    for (let index = 0; index < 1_000; index += 1) underWay[(round * 1_000 + index) % 5_000] = JSON.parse('{"body":"' + 'y'.repeat(300) + index + '"}')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  console.log(collections, kept.length)`

function collections(how: string): number {
  const words = ['--max-semi-space-size=2', '--input-type=module', '-e', PROGRAM, how]
  return Number(execFileSync(process.execPath, words, { encoding: 'utf8' }).split(' ')[0])
}

test('the garbage of a busy hour does not stay: the same work is collected several times as often', () => {
  const [small, asItIs] = [collections('small'), collections('as it is')]
  expect(asItIs).toBeGreaterThan(0)
  expect(small).toBeGreaterThan(2 * asItIs)
})
