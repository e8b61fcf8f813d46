import { expect, test } from 'vitest'
import { linesUrl, pullUrl } from '../../src/web/repositoryUrls.ts'

test.each([
  ['https://github.test/acme/site.git', 7, 'https://github.test/acme/site/pull/7'],
  ['http://127.0.0.1:9/acme/site', 7, 'http://127.0.0.1:9/acme/site/pull/7'],
  ['https://github.test/acme/site.git', 0, null],
  ['https://user:secret@github.test/acme/site.git', 7, 'https://github.test/acme/site/pull/7'],
  ['javascript:alert(1)//', 7, null],
  ['file:///srv/site.git', 7, null],
  ['/srv/site', 7, null],
])('the pull request of %s #%i is at %s', (cloneUrl, pr, url) => {
  expect(pullUrl({ cloneUrl, pr })).toBe(url)
})

test.each([
  ['README.md', 3, 3, 'README.md#L3'],
  ['a b/#?%.md', 3, 5, 'a%20b/%23%3F%25.md#L3-L5'],
  ['half a \ud800', 1, 1, 'half%20a%20%EF%BF%BD#L1'],
])('%s, lines %i to %i', (path, line, endLine, end) => {
  const sha = 'b'.repeat(40)
  const at = (cloneUrl: string) => linesUrl({ cloneUrl, sha }, path, line, endLine)
  expect(at('https://github.test/acme/site.git')).toBe(`https://github.test/acme/site/blob/${sha}/${end}`)
  expect(at('/srv/site')).toBeNull()
})
