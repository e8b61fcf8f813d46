import { expect, test } from 'vitest'
import { framesTo } from '../../../src/drivers/docker/frames.ts'

function frame(text: string, output = 1): Buffer {
  const header = Buffer.alloc(8)
  header.writeUInt8(output, 0)
  header.writeUInt32BE(Buffer.byteLength(text), 4)
  return Buffer.concat([header, Buffer.from(text)])
}

test.each([1, 3, 7, 8, 9, 1000])(
  'R-DKR-07 output in frames comes whole, both outputs in order, in pieces of %i bytes',
  (size) => {
    const whole = Buffer.concat([frame('grüße, '), frame('', 2), frame('a warning', 2), frame('\n')])
    const given: Buffer[] = []
    const take = framesTo((content) => given.push(content))
    for (let at = 0; at < whole.length; at += size) take(whole.subarray(at, at + size))
    expect(Buffer.concat(given).toString('utf8')).toBe('grüße, a warning\n')
  },
)

test('R-DKR-07 a flood of single bytes in one piece comes whole', () => {
  const flood = Buffer.concat(Array.from({ length: 100_000 }, () => frame('x')))
  let count = 0
  framesTo(({ length }) => {
    count += length
  })(flood)
  expect(count).toBe(100_000)
})
