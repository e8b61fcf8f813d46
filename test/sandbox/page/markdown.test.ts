import { expect, test } from 'vitest'
import { markdown } from '../../../src/sandbox/page/markdown.ts'

function shown(source: string): string {
  return String(markdown(source)).replace(/^<div class="markdown">|<\/div>$/g, '')
}

test.each([
  ['a script', '<script>alert(1)</script>', '<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>'],
  [
    'an image with a handler',
    'a <img src=x onerror=alert(1)> b',
    '<p>a &lt;img src=x onerror=alert(1)&gt; b</p>',
  ],
  ['a link that is a program', '[a](javascript:alert(1))', '<p>a</p>'],
  ['a link that hides a program', '[a](&#106;avascript:alert(1))', '<p>a</p>'],
  ['data as a link', '[a](data:text/html,x)', '<p>a</p>'],
  [
    'an image',
    '![a](https://example.org/x.png)',
    '<p><a href="https://example.org/x.png" rel="noopener noreferrer nofollow">a</a></p>',
  ],
  [
    'quotes in a link',
    '[a](https://example.org/"onclick="x)',
    'href="https://example.org/&quot;onclick=&quot;x" rel=',
  ],
  ['code', '`<b>`', '<p><code>&lt;b&gt;</code></p>'],
  [
    'a fence',
    '```\n</code></pre><b>\n```',
    '<pre tabindex="0"><code>&lt;/code&gt;&lt;/pre&gt;&lt;b&gt;</code></pre>',
  ],
  ['HTML in a table', '| <b> |\n|---|\n| <i>x</i> |', '&lt;i&gt;x&lt;/i&gt;'],
  [
    'HTML in a summary',
    '<details><summary>a<b></summary>\n\nx\n\n</details>',
    '&lt;details&gt;&lt;summary&gt;a&lt;b&gt;',
  ],
  [
    'an end of something that never began',
    '</details></div></main>',
    '&lt;/details&gt;&lt;/div&gt;&lt;/main&gt;',
  ],
])('R-Q-08 %s in a comment reaches the page as text that does nothing', (_, source, expected) => {
  expect(shown(source)).toContain(expected)
})

test.each([
  ['emphasis and code', 'a **b** *c* `d`', '<p>a <strong>b</strong> <em>c</em> <code>d</code></p>'],
  ['a heading below those of the page', '# a', '<h3>a</h3>'],
  ['a tight list', '- a\n- b', '<ul><li>a</li><li>b</li></ul>'],
  ['a list that begins at three', '3. a', '<ol start="3"><li>a</li></ol>'],
  ['a quote', '> a', '<blockquote><p>a</p></blockquote>'],
  ['a comment that nobody sees', '<!-- berth:01 -->', ''],
  [
    'folded details',
    '<details><summary>Log</summary>\n\n`x`\n\n</details>\n\nafter',
    '<summary>Log</summary><p><code>x</code></p></details><p>after</p>',
  ],
])('%s is shown', (_, source, expected) => {
  expect(shown(source)).toContain(expected)
})

test('a table has as many cells in each row as its head, pipes after a backslash included', () => {
  const table = shown('| stage | took |\n| :-- | --: |\n| a \\| b | **1 s** | extra |\n| c |')
  expect(table).toContain('<th>stage</th><th>took</th>')
  expect(table).toContain('<tr><td>a | b</td><td><strong>1 s</strong></td></tr>')
  expect(table).toContain('<tr><td>c</td><td></td></tr>')
})

test('text with a pipe is no table without its second line', () => {
  expect(shown('a | b\nc | d')).toBe('<p>a | b\nc | d</p>')
})
