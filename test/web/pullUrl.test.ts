import { expect, test } from 'vitest'
import { pullUrl } from '../../src/web/pullUrl.ts'

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
