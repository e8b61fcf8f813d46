import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { EVENTS_READ, readEvent } from '../src/intake/event.ts'
import { fieldsOf, textMapOf, textsOf } from '../src/model/read.ts'
import { APP_EVENTS, APP_PERMISSIONS } from '../src/sandbox/github/app.ts'

const ROOT = join(import.meta.dirname, '..')

/** What GitHub's reference asks of an App for each call. Comments on pull requests need the word for issues and that for pull requests. */
const NEEDED: Readonly<Record<string, readonly string[]>> = {
  'GET /repos/{owner}/{repo}/collaborators/{username}/permission': ['metadata: read'],
  'GET /repos/{owner}/{repo}/pulls/{pull_number}': ['pull_requests: read'],
  'GET /repos/{owner}/{repo}/check-runs/{check_run_id}': ['checks: read'],
  'GET /repos/{owner}/{repo}/commits/{ref}/check-runs': ['checks: read'],
  'POST /repos/{owner}/{repo}/check-runs': ['checks: write'],
  'PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}': ['checks: write'],
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments': ['issues: read', 'pull_requests: read'],
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments': ['issues: write', 'pull_requests: write'],
  'POST /repos/{owner}/{repo}/issues/comments/{comment_id}/reactions': [
    'issues: write',
    'pull_requests: write',
  ],
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}': ['issues: write', 'pull_requests: write'],
  'GET /app': [],
  // Where the App is installed, and what it sees there: its own business.
  'GET /app/installations': [],
  'GET /repos/{owner}/{repo}/installation': [],
  'GET /installation/repositories': ['metadata: read'],
  'GET /repos/{owner}/{repo}': ['metadata: read'],
  'GET /repos/{owner}/{repo}/issues/comments': ['issues: read', 'pull_requests: read'],
  // The App itself, and a token that can read one repository for git.
  'POST /app/installations/{installation_id}/access_tokens': ['contents: read', 'metadata: read'],
}

const manifest = fieldsOf(parse(readFileSync(join(ROOT, 'app.yml'), 'utf8')), 'app.yml')
const sources = globSync('src/{intake,report,world}/**/*.ts', { cwd: ROOT }).map((file) =>
  readFileSync(join(ROOT, file), 'utf8'),
)

describe('the manifest', () => {
  test('R-Q-02 every call that the code makes is known, and no other is', () => {
    const calls = sources.flatMap((text) =>
      [...text.matchAll(/'((?:GET|POST|PATCH|PUT|DELETE) \/[^']+)'/g)].map(([, route]) => route),
    )
    expect([...new Set(calls)].sort()).toEqual(Object.keys(NEEDED).sort())
  })

  test('R-Q-02 R-CMD-11 it asks for just what the calls need, and for nothing that could push or merge', () => {
    const levels = new Map<string, string>()
    for (const [name, level] of Object.values(NEEDED)
      .flat()
      .map((need) => need.split(': '))) {
      if (name !== undefined && level !== undefined && levels.get(name) !== 'write') levels.set(name, level)
    }
    expect(textMapOf(manifest, 'default_permissions')).toEqual(Object.fromEntries(levels))
    expect(textMapOf(manifest, 'default_permissions')['contents']).toBe('read')
  })

  test('R-Q-02 it subscribes to just the events that the intake reads, but for what GitHub sends unasked', () => {
    const unasked = ['check_suite', 'installation', 'installation_repositories']
    const known = [...textsOf(manifest, 'default_events'), ...unasked]
    const outcomes = [...known, 'push'].map((event) => [event, readEvent({ event, payload: '{}' })])
    const notUsed = { kind: 'ignored', why: 'event_not_used' }
    expect(outcomes.filter(([, event]) => isDeepStrictEqual(event, notUsed)).map(([name]) => name)).toEqual([
      'push',
    ])
    expect(EVENTS_READ.toSorted()).toEqual(known.toSorted())
  })

  test('R-Q-02 the sandbox grants and tells just what it asks for', () => {
    expect(textMapOf(manifest, 'default_permissions')).toEqual(APP_PERMISSIONS)
    expect([...textsOf(manifest, 'default_events')].sort()).toEqual([...APP_EVENTS].sort())
  })
})
