import { describe, expect, test } from 'vitest'
import { interpolated, usesIn } from '../../../src/drivers/coopCloud/interpolate.ts'

const VALUES = new Map([
  ['SET', 'x'],
  ['EMPTY', ''],
  ['lower', 'y'],
])

describe('interpolation', () => {
  test.each([
    ['$SET-${SET}_${lower}', 'x-x_y'],
    ['${UNSET}|${EMPTY}', '|'],
    ['${UNSET:-a b}|${EMPTY:-c}|${SET:-d}', 'a b|c|x'],
    ['${UNSET-a}|${EMPTY-c}|${UNSET:-}', 'a||'],
    ['${SET:+on}|${UNSET:+on}|${EMPTY:+on}|${EMPTY+on}', 'on|||on'],
    ['${SET:?no}', 'x'],
    ['$$SET $${SET} 5$$', '$SET ${SET} 5$'],
    ['${UNSET:-${SET}}', '${SET}'],
    ['Host(`a.$SET`, `b`)', 'Host(`a.x`, `b`)'],
    ['lone $ and $5', 'lone $ and $5'],
  ])('R-DKR-06 %j becomes %j', (text, result) => {
    expect(interpolated(text, VALUES)).toBe(result)
  })

  test('R-DKR-06 a text knows the variables it uses, and its stray dollars', () => {
    expect(
      usesIn('$$A ${B:-c} $D $').map(({ text, name, operator, operand }) => [text, name, operator, operand]),
    ).toEqual([
      ['${B:-c}', 'B', ':-', 'c'],
      ['$D', 'D', '', ''],
      ['$', '', '', ''],
    ])
  })
})
