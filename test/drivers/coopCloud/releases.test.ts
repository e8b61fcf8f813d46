import { describe, expect, test } from 'vitest'
import { inOrderOfRelease, lastRelease } from '../../../src/drivers/coopCloud/releases.ts'

function tags(...names: readonly string[]) {
  return names.map((name) => ({ name, commit: `c-${name}` }))
}

describe('released tags', () => {
  test('R-DKR-07 versions are in the order of the recipe, then of what it packages', () => {
    const sorted = [
      '0.1.0',
      '0.1.0+4.3.1',
      '0.9.0+1.0',
      '0.9.0+1.0-alpine',
      '0.9.0+1.0.1-alpine',
      '0.10.0+1.0',
      '1.0.0-rc1+1.0.5',
      '1.0.0+1.0.5-beta10',
      '1.0.0+1.0.5-rc2',
      '1.0.0+1.0.5',
      '1.0.0+1.0.5-alpine',
      '1.0.0+1.0.5-social-amd64',
      '1.0.0+v1.0.10-social-amd64',
      '1.2.0+2.9.1',
      '1.2.0+2.14.1',
      '2.0.0+RELEASE.2025-01-20T14-49-07Z',
      '2.0.0+RELEASE.2025-02-01T00-00-00Z',
      '10.0.0+1.0',
    ]
    const mixed = [...sorted].sort((one, other) => one.length - other.length || (one < other ? 1 : -1))
    expect(mixed).not.toEqual(sorted)
    expect(inOrderOfRelease(tags(...mixed)).map(({ name }) => name)).toEqual(sorted)
  })

  test('R-DKR-07 the last release before a commit is by version, not the one on the commit, not a candidate', () => {
    const all = tags('1.2.0+2.14.1', '1.10.0+3.0.0', '1.9.0+2.20.0', '2.0.0-rc1+4.0.0', 'latest', 'v3')
    expect(lastRelease(all, 'c-other')?.name).toBe('1.10.0+3.0.0')
    expect(lastRelease(all, 'c-1.10.0+3.0.0')?.name).toBe('1.9.0+2.20.0')
  })

  test('R-DKR-07 a repository without a release has none', () => {
    expect(lastRelease(tags('latest', 'deploy-2024', '1.0', '2.0.0-rc1+1'), 'head')).toBeNull()
    expect(lastRelease([], 'head')).toBeNull()
  })
})
