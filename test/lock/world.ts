import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import type { RunRequest } from '../../src/model/run.ts'
import { openStateFolder, type StatePaths } from '../../src/store/stateFolder.ts'

/** A state folder of the test's own. */
export function stateFolder(): StatePaths {
  const root = mkdtempSync(join(tmpdir(), 'berth-lock-'))
  onTestFinished(() => rmSync(root, { recursive: true, force: true }))
  return openStateFolder(join(root, 'state'))
}

export function requestFor(run: string, names: readonly string[]): RunRequest {
  return {
    version: 1,
    run,
    recipe: 'recipe',
    recipeDigest: 'digest',
    driver: 'process',
    domain: names[0] ?? '',
    names,
    repository: 'acme/site',
    repositoryId: '1',
    cloneUrl: '/nowhere',
    pr: 1,
    sha: '0'.repeat(40),
    ref: null,
    actor: 'octocat',
    arguments: {},
    env: {},
    stages: [],
    teardown: { run: 'true', timeoutMs: 1000 },
    budgets: { deadlineMs: 1000, teardownMs: 1000, killGraceMs: 10, ceilingMs: 3000 },
    limits: { memoryBytes: null, processes: null, cpus: null },
    runAs: null,
    secrets: { folder: null, names: [], withheld: [] },
    foreground: false,
    keepMs: 0,
    instance: 'test',
    requestedAtMs: 0,
  }
}
