import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { MARKS, PLAIN, styled } from '../../src/web/ansi.ts'
import { logLines } from '../../src/web/pages/logLines.ts'

const ESC = '\u001b'

function looks(line: string): readonly string[] {
  return styled(line, PLAIN).pieces.map(({ text, classes }) => `${classes}|${text}`)
}

describe('R-OBS-03 colour codes of a log', () => {
  test.each([
    ['none', 'plain', ['|plain']],
    ['a colour and its end', `a${ESC}[31mb${ESC}[0mc`, ['|a', 'fg-1|b', '|c']],
    ['an end without a number', `${ESC}[32mb${ESC}[mc`, ['fg-2|b', '|c']],
    ['several in one', `${ESC}[1;4;93mb`, ['fg-11 bold underline|b']],
    ['one mark ends', `${ESC}[1;3mb${ESC}[22mc`, ['bold italic|b', 'italic|c']],
    ['a background', `${ESC}[30;101mb${ESC}[49mc`, ['fg-0 bg-9|b', 'fg-0|c']],
    ['inverse', `${ESC}[31;7mb`, ['bg-1 inverse|b']],
    ['one of 256', `${ESC}[38;5;9mb${ESC}[38;5;196mc${ESC}[48;5;244md`, ['fg-9|b', 'fg-9|c', 'fg-9 bg-8|d']],
    ['one of all', `${ESC}[38;2;0;180;0;1mb`, ['fg-2 bold|b']],
    ['written with colons', `${ESC}[38:5:12mb`, ['fg-12|b']],
    ['one that nobody knows', `${ESC}[31;77mb`, ['fg-1|b']],
    ['cut off', `${ESC}[38mb${ESC}[38;5mc`, ['|b', 'fg-0|c']],
    ['what moves or names', `${ESC}[2Ka${ESC}]0;title\u0007b${ESC}[1;1Hc`, ['|abc']],
    ['a line written over', `1%\r2%\r\r3%\r`, ['|1%\n2%\n3%\n']],
  ])('%s', (_, line, expected) => {
    expect(looks(line)).toEqual(expected)
  })

  test('go on in the next line until they end', () => {
    const { markup } = logLines('x', `${ESC}[31mone\ntwo${ESC}[0m\nthree\n`, 7)
    expect(markup.match(/<span class="fg-1">[^<]*/g)).toEqual([
      '<span class="fg-1">one',
      '<span class="fg-1">two',
    ])
    expect(markup.match(/id="L\d+"/g)).toEqual(['id="L7"', 'id="L8"', 'id="L9"'])
  })
})

/** Text as programs write it, and as those write it who mean harm. */
const output = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<script>',
        '</span>',
        '"',
        "'",
        '&amp;',
        '\n',
        '\r',
        '\u202e',
        '\u009b31m',
        `${ESC}[`,
        `${ESC}]8;;javascript:x\u0007`,
      ),
      fc
        .array(fc.integer({ min: 0, max: 300 }), { maxLength: 6 })
        .map((codes) => `${ESC}[${codes.join(';')}m`),
      fc.string({ unit: 'binary', maxLength: 8 }),
    ),
    { maxLength: 20 },
  )
  .map((parts) => parts.join(''))

test('R-Q-08 whatever a log says, its markup has our tags alone, and classes of ours alone', () => {
  const classes = `(?:(?:fg-\\d{1,2}|bg-\\d{1,2}|${MARKS.join('|')}) ?)+`
  const tags = new RegExp(
    `<span class="line" id="L\\d+">|<a href="\\?log=a%22b&amp;line=\\d+#L\\d+" data-line="\\d+" tabindex="-1" aria-hidden="true"></a>|<span class="${classes}">|</span>`,
    'g',
  )
  fc.assert(
    fc.property(output, (text) => {
      const rest = logLines('a"b', text, 1).markup.replaceAll(tags, '')
      expect(rest).not.toMatch(/[<>"']/)
      expect(rest).not.toMatch(/(?![\n\t])[\p{Cc}\u202a-\u202e\u2066-\u2069]/u)
    }),
  )
})
