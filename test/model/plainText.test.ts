import { expect, test } from 'vitest'
import { plainText } from '../../src/model/plainText.ts'

test.each([
  ['colours', '\u001b[31mred\u001b[0m', 'red'],
  ['cursor movements', 'a\u001b[2J\u001b[1;1Hb', 'ab'],
  ['a title', 'a\u001b]0;owned\u0007b', 'ab'],
  ['a link', '\u001b]8;;http://x\u001b\\text\u001b]8;;\u001b\\', 'text'],
  ['a title that never ends', 'a\u001b]0;b\nc', 'a0;b\nc'],
  ['one-character escapes', 'a\u001bcb', 'acb'],
  ['bells, backspaces and carriage returns', 'a\u0007b\u0008c\rd', 'abcd'],
  ['C1 controls', 'a\u009b31mb', 'a31mb'],
  ['marks that turn text round', 'a\u202eb\u2066c', 'abc'],
])('R-Q-08 %s do nothing in a terminal', (_name, text, harmless) => {
  expect(plainText(text)).toBe(harmless)
})

test('R-Q-08 tabs, line ends and letters of every script stay', () => {
  expect(plainText('a\tb\nç 漢字 🙂')).toBe('a\tb\nç 漢字 🙂')
})
