import { fromMarkdown } from 'mdast-util-from-markdown'
import { expect, test } from 'vitest'
import { inCode, seen, unseenCharacter } from '../../src/model/commandText.ts'

test.each([
  'plain',
  '@octocat and #1',
  '`',
  '``',
  '` `` ```',
  '`starts',
  'ends`',
  '<img src=x onerror=alert(1)>',
  '<!-- x -->',
  '[a](https://example.org)',
  '**bold** | cell',
  '\\`',
  '$`x`$',
  ' padded ',
])('R-Q-08 %j is one code span with just this text, and nothing else', (text) => {
  const [paragraph, ...more] = fromMarkdown(`a ${inCode(text)} b`).children
  expect(more).toEqual([])
  expect(paragraph?.type === 'paragraph' ? paragraph.children.map(({ type }) => type) : []).toEqual([
    'text',
    'inlineCode',
    'text',
  ])
  expect(paragraph?.type === 'paragraph' ? paragraph.children[1] : null).toMatchObject({ value: text })
})

test('R-Q-08 line ends, control characters and marks that turn text round become visible', () => {
  expect(inCode('a\nb\r\u001b[31m\u202ec\u200bd')).toBe('`a\ufffdb\ufffd\ufffd[31m\ufffdc\ufffdd`')
})

test('long text is cut to 100 characters, never inside one', () => {
  expect(inCode('😀'.repeat(101))).toBe(`\`${'😀'.repeat(99)}…\``)
})

test('an empty text is named as such', () => {
  expect(inCode('')).toBe('(nothing)')
  expect(inCode('  ')).toBe('(nothing)')
})

test('a character that cannot be seen is named, and gone from what is seen', () => {
  expect(unseenCharacter('a\tb c')).toBeNull()
  expect(unseenCharacter('a\u{e0061}b')).toBe('U+E0061')
  expect(seen('a\u200b\u3000b')).toBe('a b')
})
