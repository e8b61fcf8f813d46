import { expect, test } from 'vitest'
import { closest, didYouMean } from '../../src/model/closest.ts'

const WORDS = ['help', 'status', 'cancel', 'hello']

test.each([
  ['hlep', 'help'],
  ['statsu', 'status'],
  ['cancle', 'cancel'],
  ['HELLO', 'hello'],
  ['helo', 'help'],
  ['canel', 'cancel'],
])('R-CMD-03 %s most likely means %s', (word, meant) => {
  expect(closest(word, WORDS)).toBe(meant)
  expect(didYouMean(word, WORDS)).toBe(` Did you mean ${meant}?`)
})

test.each(['xyz', '', 'ab', 'deploy', 'x'.repeat(10_000)])('R-CMD-03 nothing is suggested for %s', (word) => {
  expect(didYouMean(word, WORDS)).toBe('')
})

test('nothing is suggested from no words', () => {
  expect(closest('help', [])).toBeNull()
})
