import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { keepScreenshot, readScreenshot } from '../../src/store/screenshots.ts'
import { DOT } from '../picture.ts'

function scene() {
  const folder = mkdtempSync(join(tmpdir(), 'berth-pictures-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return { folder, from: join(folder, 'written-by-a-stage') }
}

function wide(pixels: number): Buffer {
  const png = Buffer.from(DOT)
  png.writeUInt32BE(pixels, 16)
  return png
}

describe('the picture that a stage has had taken', () => {
  test('R-DKR-14 is kept with the run, and read again by the name of its stage', () => {
    const { folder, from } = scene()
    writeFileSync(from, DOT)
    expect(keepScreenshot({ folder }, 'look', from)).toEqual({ bytes: DOT.length, width: 1, height: 1 })
    expect(readScreenshot({ folder }, 'look')?.equals(DOT)).toBe(true)
    expect(readScreenshot({ folder }, 'other')).toBe(null)
  })

  test.each([
    [
      'a page',
      Buffer.from(`<script>${' '.repeat(60)}</script>`),
      'what the browser has written is no picture',
    ],
    ['nothing', Buffer.alloc(0), 'what the browser has written is no picture'],
    ['torn', DOT.subarray(0, -1), 'the picture is torn'],
    ['huge', wide(4097), 'the picture has 4097 × 1 pixels'],
    ['long', Buffer.concat([DOT, Buffer.alloc(8 * 1024 * 1024)]), 'the picture has more than 8388608 bytes'],
  ])('R-DKR-14 R-Q-08 that is %s is not kept', (_, bytes, reason) => {
    const { folder, from } = scene()
    writeFileSync(from, bytes)
    expect(keepScreenshot({ folder }, 'look', from)).toBe(reason)
    expect(readScreenshot({ folder }, 'look')).toBe(null)
  })

  test('R-DKR-14 R-Q-08 that is a link to somebody else’s, or is not there, is not kept', () => {
    const { folder, from } = scene()
    expect(keepScreenshot({ folder }, 'look', from)).toBe('the browser has written no picture')
    writeFileSync(join(folder, 'secret.png'), DOT)
    symlinkSync(join(folder, 'secret.png'), from)
    expect(keepScreenshot({ folder }, 'look', from)).toBe('the browser has written no picture')
  })
})
