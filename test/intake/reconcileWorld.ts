import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Octokit } from '@octokit/rest'
import { gitHubFacts } from '../../src/intake/github.ts'
import { Intake } from '../../src/intake/intake.ts'
import type { ReconcileWorld } from '../../src/intake/reconcile/ports.ts'
import { createReconcile, type Reconcile } from '../../src/intake/reconcile/reconcile.ts'
import type { Config } from '../../src/model/config.ts'
import type { Store } from '../../src/model/ports.ts'
import { SYSTEM_TIME } from '../../src/report/time.ts'
import type { Comment } from '../../src/sandbox/github/records.ts'
import { openStore } from '../../src/store/sqlite.ts'
import { APP_ID, type Scene as GitHubScene, startScene as startGitHub } from '../sandbox/support.ts'
import { CONFIG, makeLog, PARTS } from './scene.ts'

const PERIOD_MS = 300_000
const HOUR_MS = 3_600_000

/** A GitHub whose webhooks reach nobody, the records on disk, and looks that come when a test says so. */
export interface LookWorld extends AsyncDisposable {
  readonly gitHub: GitHubScene['gitHub']
  readonly octokit: GitHubScene['octokit']
  readonly store: Store
  readonly intake: Intake
  /** Names of what was logged, in order. */
  readonly events: readonly string[]
  /** One period passes, and what is due is looked at. */
  look(): Promise<void>
  /** The same as a service that starts now would. */
  lookAnew(change?: { readonly store?: Store; readonly patterns?: readonly string[] }): Promise<void>
  /** Takes `acme/site` for first looked at an hour ago. */
  watchedForLong(): Promise<void>
  /** Moves a comment in time, as if it had been written then. */
  backdate(comment: Comment, agoMs: number): void
  /** How a delivery that a look has found was decided. */
  ended(happened: string): ReturnType<ReturnType<typeof makeLog>['ended']>
  /** What GitHub has counted against the limit so far. */
  used(): Promise<number>
}

export async function lookWorld(patterns: readonly string[] = ['acme/site']): Promise<LookWorld> {
  await using stack = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'berth-reconcile-'))
  stack.defer(() => rm(folder, { recursive: true, force: true }))
  const scene = stack.use(await startGitHub({ requestsPerHour: 1e6 }))
  const store = await openStore(join(folder, 'berth.db'))
  stack.defer(() => store.close())
  const log = makeLog()
  const { gitHub, asApp } = scene
  let monotonicMs = 0
  const octokitFor = await tokenClient(scene)
  const config = configOf(patterns)
  const github = gitHubFacts({ octokitFor, time: SYSTEM_TIME, store })
  const world = { ...PARTS, store, github, config, time: SYSTEM_TIME }
  const intake = stack.use(new Intake({ world: () => world, log, decided: () => undefined }))
  const looking = (given: Store, of: readonly string[]): Reconcile => {
    const enrolled = configOf(of)
    const parts: ReconcileWorld = {
      octokitFor,
      appClient: async () => asApp,
      time: SYSTEM_TIME,
      monotonic: () => monotonicMs,
      store: given,
      config: () => enrolled,
      appId: APP_ID,
      stored: () => intake.wake(),
      reportsChanged: () => undefined,
      log,
    }
    return createReconcile(parts)
  }
  let reconcile = looking(store, patterns)
  const repositoryId = String(gitHub.repository.id)
  const owned = stack.move()
  return {
    gitHub,
    octokit: scene.octokit,
    store,
    intake,
    events: log.events,
    async look() {
      monotonicMs += PERIOD_MS * 1.1
      await reconcile.pass()
    },
    async lookAnew(change = {}) {
      reconcile.close()
      reconcile = looking(change.store ?? store, change.patterns ?? patterns)
      await reconcile.pass()
    },
    async watchedForLong() {
      const atMs = Math.floor(Date.now() / 1000) * 1000 - HOUR_MS
      await store.noteWatched({ repositoryId, sinceMs: atMs, cursorMs: atMs, etag: null }, [])
    },
    backdate(comment, agoMs) {
      const atMs = Date.now() - agoMs
      gitHub.memory.comments.set(comment.id, { ...comment, createdAtMs: atMs, updatedAtMs: atMs })
    },
    ended: (happened) => log.ended(`reconcile/${happened}`),
    async used() {
      const { data } = await scene.octokit.request('GET /rate_limit')
      return data.resources.core.used
    },
    [Symbol.asyncDispose]: () => owned.disposeAsync(),
  }
}

function configOf(patterns: readonly string[]): typeof CONFIG & Pick<Config, 'reconcileMs'> {
  const repositories = patterns.map((pattern) => ({
    pattern,
    recipes: ['hello'],
    default: null,
    supersede: null,
    priority: 0,
  }))
  return { ...CONFIG, repositories, reconcileMs: PERIOD_MS }
}

/** One token for all: what counts is the installation that it belongs to. */
async function tokenClient({ asApp, gitHub }: GitHubScene): Promise<() => Promise<Octokit>> {
  const quiet = () => undefined
  const log = { debug: quiet, info: quiet, warn: quiet, error: quiet }
  return async () => {
    const { data } = await asApp.rest.apps.createInstallationAccessToken({
      installation_id: gitHub.memory.app.installationId,
    })
    return new Octokit({ baseUrl: `${gitHub.url}/api/v3`, auth: data.token, log })
  }
}
