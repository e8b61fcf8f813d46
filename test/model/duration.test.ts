import { expect, test } from 'vitest'
import { formatDuration, LONGEST_MS, parseDuration, parseSize } from '../../src/model/duration.ts'

test.each([
  ['10m', 600_000],
  ['90s', 90_000],
  ['2h', 7_200_000],
  ['1h30m', 5_400_000],
  ['500ms', 500],
  ['1s500ms', 1500],
  ['0', 0],
  ['0s', 0],
])('duration %s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms)
})

test.each(['', '10', 'm', '30m1h', '1h1h', '-5m', '1.5h', '5 m', '10M', '10min', '1e3s', ' 1m'])(
  'text "%s" is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull()
  },
)

test('a duration that no timer can keep is refused', () => {
  expect(parseDuration(`${LONGEST_MS}ms`)).toBe(LONGEST_MS)
  expect(parseDuration(`${LONGEST_MS + 1}ms`)).toBeNull()
  expect(parseDuration('1000h')).toBeNull()
})

test.each([
  [0, '0s'],
  [-3, '0s'],
  [499.6, '500ms'],
  [999.7, '1s'],
  [1499, '1s'],
  [59_600, '1m'],
  [90_000, '1m30s'],
  [3_599_900, '1h'],
  [5_400_000, '1h30m'],
])('%d ms is written %s, and read back within its unit', (ms, text) => {
  expect(formatDuration(ms)).toBe(text)
  expect(Math.abs((parseDuration(text) ?? Number.NaN) - ms)).toBeLessThanOrEqual(500)
})

test.each([
  ['10GB', 10e9],
  ['512MiB', 536_870_912],
  ['1.5 TB', 1.5e12],
  ['0B', 0],
])('size %s is %d bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes)
})

test.each(['', '10', 'GB', '10gb', '-1GB', '1e3MB', '99999999TiB'])('text "%s" is no size', (text) => {
  expect(parseSize(text)).toBeNull()
})
