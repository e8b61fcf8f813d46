import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test as base } from 'vitest'
import type { RunAs } from '../../src/model/run.ts'
import { checkOut } from '../../src/process/checkout.ts'
import { type RunPaths, runPaths } from '../../src/store/runFolder.ts'
import { type StatePaths, statePaths } from '../../src/store/stateFolder.ts'

/** A repository somewhere, and a state folder whose runs check it out. */
export interface Scene {
  readonly root: string
  readonly state: StatePaths
  readonly mirror: string
  readonly origin: Origin
  /** Makes a run's folder and checks the commit out into it. */
  readonly checkOut: (sha: string, more?: Partial<Wish>) => Promise<RunPaths>
}

interface Wish {
  readonly pr: number
  readonly runAs: RunAs | null
  readonly signal: AbortSignal
}

/** The repository that is to be tested, as a person makes it. */
export interface Origin {
  readonly folder: string
  readonly git: (...words: readonly string[]) => string
  readonly commit: (files: Readonly<Record<string, string>>) => string
}

export const test = base.extend<{ scene: Scene }>({
  // oxlint-disable-next-line no-empty-pattern -- vitest reads the names of fixtures from the pattern
  scene: async ({}, use) => {
    const root = mkdtempSync(join(tmpdir(), 'berth-checkout-'))
    try {
      await use(makeScene(root))
    } finally {
      rmSync(root, { recursive: true, force: true })
    }
  },
})

function makeScene(root: string): Scene {
  const state = statePaths(join(root, 'state'))
  chmodSync(root, 0o711)
  for (const folder of [state.root, state.runs]) mkdirSync(folder, { mode: 0o711 })
  mkdirSync(state.mirrors, { mode: 0o700 })
  const origin = makeOrigin(join(root, 'origin'))
  let runs = 0
  return {
    root,
    state,
    origin,
    mirror: join(state.mirrors, 'local-1.git'),
    async checkOut(sha, { pr = 1, runAs = null, signal = new AbortController().signal } = {}) {
      runs += 1
      const run = runPaths(state, `run${runs}`)
      mkdirSync(run.folder, { mode: 0o711 })
      for (const folder of [run.work, run.home, run.artifacts]) mkdirSync(folder, { mode: 0o700 })
      const request = { ...requestOf(run.id, pr, sha, origin), runAs }
      await checkOut({ request, run, mirrors: state.mirrors, cloneToken: null, signal })
      return run
    },
  }
}

/** What a checkout and a mirror read of a request. */
export function requestOf(run: string, pr: number, sha: string, { folder }: Origin) {
  return { run, pr, repositoryId: 'local-1', cloneUrl: folder, sha, ref: null }
}

function makeOrigin(folder: string): Origin {
  const git = (...words: readonly string[]) => gitIn(folder, ...words)
  mkdirSync(folder)
  git('init', '-q', '-b', 'main')
  return {
    folder,
    git,
    commit(files) {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(folder, path)), { recursive: true })
        writeFileSync(join(folder, path), text)
      }
      git('add', '-A')
      git('commit', '-q', '-m', Object.keys(files).join(' '))
      return git('rev-parse', 'HEAD')
    },
  }
}

/** A person's git: with an identity, and without the machine's configuration. */
export function gitIn(folder: string, ...words: readonly string[]): string {
  const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'safe.directory=*']
  const env = { ...process.env, GIT_CONFIG_NOSYSTEM: '1', HOME: '/nonexistent' }
  return execFileSync('git', ['-C', folder, ...identity, ...words], { encoding: 'utf8', env }).trim()
}
