import { describe, expect, test } from 'vitest'
import { HarnessError } from '../../src/errors.ts'
import { faultOf, faultText, isAlreadyThere } from '../../src/report/faults.ts'

const NOW = Date.UTC(2026, 0, 2, 3, 4, 5)

describe('what an answer of GitHub means', () => {
  test.each([
    [401, {}, 'retry'],
    [408, {}, 'retry'],
    [500, {}, 'retry'],
    [502, {}, 'retry'],
    [503, {}, 'retry'],
    [400, {}, 'permanent'],
    [403, { message: 'Resource not accessible by integration' }, 'permanent'],
    [404, {}, 'permanent'],
    [409, { message: 'Conflict' }, 'permanent'],
    [410, {}, 'permanent'],
    [422, { message: 'Validation Failed' }, 'permanent'],
    [451, {}, 'permanent'],
    [403, { message: 'You have exceeded a secondary rate limit' }, 'limited'],
    [403, { message: 'You have triggered an abuse detection mechanism' }, 'limited'],
    [429, {}, 'limited'],
  ])('R-REP-04 %i %j is %s', (status, data, kind) => {
    expect(faultOf(anAnswer(status, data), NOW, 1).kind).toBe(kind)
  })

  test.each([
    ['seconds', 403, { 'retry-after': '90' }, NOW + 90_000],
    ['a date', 429, { 'retry-after': new Date(NOW + 60_000).toUTCString() }, NOW + 60_000],
    [
      'a reset of a used-up limit',
      403,
      { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${NOW / 1000 + 5}` },
      NOW + 6_000,
    ],
    ['a time that is past', 403, { 'retry-after': '0' }, NOW + 1_000],
    ['a time that is absurd', 429, { 'retry-after': '99999999' }, NOW + 7_200_000],
    ['nonsense', 429, { 'retry-after': 'soon' }, NOW + 60_000],
  ])('R-REP-04 a limit ends when GitHub says, within reason: %s', (_, status, headers, untilMs) => {
    expect(faultOf(anAnswer(status, {}, headers), NOW, 1)).toMatchObject({ kind: 'limited', untilMs })
  })

  test.each([
    [1, 60_000],
    [2, 120_000],
    [5, 900_000],
    [40, 900_000],
  ])('R-REP-04 a limit without a time lasts longer each time: attempt %i', (attempts, ms) => {
    expect(faultOf(anAnswer(429, {}), NOW, attempts)).toMatchObject({ untilMs: NOW + ms })
  })

  test('R-REP-04 a 503 that says when is obeyed, for its one report', () => {
    expect(faultOf(anAnswer(503, {}, { 'retry-after': '20' }), NOW, 1)).toMatchObject({
      kind: 'retry',
      notBeforeMs: NOW + 20_000,
    })
  })

  test.each([
    [409, { errors: [{ code: 'already_exists' }] }, true],
    [422, { message: 'Reference already exists' }, true],
    [422, { errors: [{ code: 'missing_field' }] }, false],
    [409, {}, false],
    [404, { message: 'already exists' }, false],
  ])('R-REP-04 %i %j: the same thing is there already = %s', (status, data, there) => {
    expect(isAlreadyThere(anAnswer(status, data))).toBe(there)
  })
})

describe('no answer', () => {
  test.each([
    ['a reset', withCode('ECONNRESET'), true],
    ['a time-out', new HarnessError('GITHUB_TIMEOUT', 'No answer'), true],
    ['an answer that cannot be read', new TypeError('id must be a number, and is missing'), true],
    ['a refused connection', withCode('ECONNREFUSED'), false],
    ['an unknown host', withCode('ENOTFOUND'), false],
    [
      'every address refused',
      new Error('fetch failed', { cause: new AggregateError([withCode('ECONNREFUSED')]) }),
      false,
    ],
  ])('R-REP-03 %s: whether the request may have arrived', (_, error, mayHaveArrived) => {
    expect(faultOf(error, NOW, 1)).toMatchObject({ kind: 'retry', mayHaveArrived })
  })

  test("a status that Octokit has made up for a lost connection is no answer of GitHub's", () => {
    const invented = Object.assign(new Error('socket hang up'), {
      status: 500,
      cause: withCode('ECONNREFUSED'),
    })
    expect(faultOf(invented, NOW, 1)).toMatchObject({ kind: 'retry', mayHaveArrived: false })
  })
})

describe('the text of a fault', () => {
  test.each([
    `ghs_${'a'.repeat(36)}`,
    `ghp_${'Z9'.repeat(18)}`,
    `github_pat_${'11AAA_x'.repeat(8)}`,
    `eyJhbGciOiJSUzI1NiJ9.${'eyJpc3MiOjF9'}.c2lnbmF0dXJl-_x`,
  ])('R-REP-06 shows no token: %s', (token) => {
    for (const text of [
      token,
      `Bearer ${token}`,
      `https://x-access-token:${token}@github.test/a/b`,
      `{"token":"${token}"}`,
    ])
      expect(faultText(new Error(`refused: ${text}`))).not.toMatch(new RegExp(token.slice(0, 8)))
    expect(faultText(new Error('outer', { cause: new Error(token) }))).toBe('outer (***)')
  })

  test('R-REP-06 shows no password of a URL and no opaque bearer', () => {
    expect(faultText(new Error('at https://user:hunter2hunter2@host/x with bearer 0123456789abcdef'))).toBe(
      'at https://***@host/x with bearer ***',
    )
  })

  test('R-Q-08 is one line without controls, and short', () => {
    expect(faultText(new Error('a\n\u001b[31mb\u0000'))).toBe('a b')
    expect(faultText(new Error('x'.repeat(10_000)))).toHaveLength(300)
  })
})

function anAnswer(
  status: number,
  data: Record<string, unknown>,
  headers: Record<string, string> = {},
): Error {
  const message = typeof data['message'] === 'string' ? data['message'] : 'Refused'
  return Object.assign(new Error(message), { status, response: { status, headers, data } })
}

function withCode(code: string): Error {
  return Object.assign(new Error(code), { code })
}
