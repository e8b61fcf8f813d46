import { chmodSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { processDriver } from '../../src/drivers/process.ts'
import { makePipe } from '../../src/lock/syscalls.ts'
import type { Ending } from '../../src/model/ending.ts'
import { EMPTY_JOURNAL } from '../../src/model/journal.ts'
import { joinCommand } from '../../src/process/cgroup.ts'
import { createContainment, type RunContainment } from '../../src/process/containment.ts'
import { isLiveState, statOf } from '../../src/process/procfs.ts'
import type { Driver } from '../../src/run/ports.ts'
import { NO_SECRETS } from '../../src/secrets/none.ts'
import { readIfThere } from '../../src/store/durable.ts'
import { createRunFolder, type RunPaths } from '../../src/store/runFolder.ts'
import { newRunId } from '../../src/store/runId.ts'
import { requestFor, stateFolder } from '../lock/world.ts'

const WAIT = { timeout: 10_000, interval: 5 }
const NEVER = new AbortController().signal

interface EmptyCgroups {
  readonly joined?: (path: string, command: readonly string[]) => readonly string[]
  /** Comes before anything is ended. */
  readonly ending?: () => Promise<void>
  /** What the last word of a teardown shows. */
  readonly proofs?: Ending['proofs']
  readonly teardown?: string
}

/** A driver whose cgroups nobody is in: what it starts has left them, and is found by its mark only. */
function driverWithEmptyCgroups({
  joined = (_path, command) => command,
  ending = () => Promise.resolve(),
  proofs = [{ kind: 'sweep', count: 1 }],
  teardown = 'true',
}: EmptyCgroups = {}): {
  readonly driver: Driver
  readonly run: RunPaths
} {
  const state = stateFolder()
  const plain = requestFor(newRunId(), ['a.example'])
  const request = { ...plain, teardown: { ...plain.teardown, run: teardown } }
  mkdirSync(`${state.root}/recipe`)
  const run = createRunFolder(state, request, `${state.root}/recipe`)
  const real = createContainment(run.id, { reaper: null, uid: null })
  const nothing = { asked: new Set<number>(), killed: new Set<number>(), tookMs: 0, proofs, left: [] }
  const containment: RunContainment = {
    level: 'cgroup',
    readied: () => ({ [Symbol.dispose]: () => undefined }),
    make: (stage) => ({ kind: 'cgroup', path: `/nowhere/${stage}` }),
    command: (part, _folder, command) => (part.kind === 'cgroup' ? joined(part.path, command) : command),
    async end(parts, graceMs) {
      await ending()
      return (await real).end(
        parts.filter(({ kind }) => kind === 'sweep'),
        graceMs,
      )
    },
    endAll: async () => nothing,
  }
  const driver = processDriver({ request, run, containment, makePipe, limiter: null, secrets: NO_SECRETS })
  onTestFinished(() => driver[Symbol.dispose]())
  return { driver, run }
}

function stageOf(run: string, timeoutMs: number) {
  return { name: 'up', run, timeoutMs, uninterruptible: false }
}

describe('a stage that has left its cgroup', () => {
  test('R-RUN-07 is ended at its timeout all the same', { timeout: 10_000 }, async () => {
    const { driver } = driverWithEmptyCgroups()
    const end = await driver.runStage(stageOf('exec sleep 60', 50), driver.contain('up'), NEVER)
    expect(end).toMatchObject({ outcome: 'timed_out', exitCode: null })
  })

  test('R-RUN-07 is ended when the run is stopped', { timeout: 10_000 }, async () => {
    const { driver } = driverWithEmptyCgroups()
    const stopped = driver.runStage(
      stageOf('exec sleep 60', 60_000),
      driver.contain('up'),
      AbortSignal.abort(),
    )
    expect(await stopped).toMatchObject({ outcome: 'cancelled' })
  })
})

describe('a stage and the cgroup that it is to join', () => {
  test('R-RUN-12 R-RUN-15 a stage that itself ends with 125 has failed, and the descriptor of the join is closed', async () => {
    const { driver, run } = driverWithEmptyCgroups({ joined: joinCommand })
    mkdirSync(join(run.folder, 'cgroup'))
    const part = { kind: 'cgroup', path: join(run.folder, 'cgroup') } as const
    const leaks = 'if (: >&3) 2>/dev/null; then touch "$BERTH_ARTIFACTS/leaked"; fi; '
    const end = await driver.runStage(stageOf(`${leaks}exit 125`, 60_000), part, NEVER)
    expect(end).toEqual({ outcome: 'failure', exitCode: 125, detail: 'exit code 125', ending: null })
    expect(readdirSync(run.artifacts)).toEqual([])
  })

  test('R-RUN-16 one that cannot join is a fault of the harness, and nothing of it has run', async () => {
    const { driver, run } = driverWithEmptyCgroups({ joined: joinCommand })
    const end = await driver.runStage(
      stageOf('touch "$BERTH_ARTIFACTS/ran"', 60_000),
      driver.contain('up'),
      NEVER,
    )
    expect(end).toEqual({
      outcome: 'fault',
      exitCode: null,
      detail: 'it could not join its cgroup',
      ending: null,
    })
    expect(readdirSync(run.artifacts)).toEqual([])
  })
})

test('R-RUN-12 R-RUN-16 a stage whose cgroup a stop takes away before it has joined is cancelled: nothing of it has run, and it is no fault', async () => {
  const gone = join(stateFolder().root, 'gone')
  // It joins when the stop has taken its cgroup away, and the stop waits for it.
  const late = (path: string, command: readonly string[]) => [
    '/bin/sh',
    '-c',
    'echo $$ >"$0.pid"; until [ -e "$0" ]; do sleep 0.01; done; exec "$@"',
    gone,
    ...joinCommand(path, command),
  ]
  const stop = new AbortController()
  const { driver, run } = driverWithEmptyCgroups({
    joined: late,
    ending: async () => {
      const pid = await vi.waitUntil(() => Number(readIfThere(`${gone}.pid`)) || null, WAIT)
      writeFileSync(gone, '')
      await vi.waitUntil(() => !isLiveState(statOf(pid)), WAIT)
    },
  })
  const stage = stageOf('touch "$BERTH_ARTIFACTS/ran"', 60_000)
  const ended = driver.runStage(stage, driver.contain('up'), stop.signal)
  stop.abort()
  const end = await ended
  expect(end).toMatchObject({ outcome: 'cancelled', exitCode: null, detail: 'before it began' })
  expect(readdirSync(run.artifacts)).toEqual([])
})

describe('a stage', () => {
  test('R-RUN-18 has an environment of its own: nothing of the run process’s reaches it', async () => {
    process.env['BERTH_TEST_SECRET'] = 'of the run process'
    onTestFinished(() => void delete process.env['BERTH_TEST_SECRET'])
    const { driver, run } = driverWithEmptyCgroups()
    const stage = stageOf('env >"$BERTH_ARTIFACTS/env"', 60_000)
    expect(await driver.runStage(stage, driver.contain('up'), NEVER)).toMatchObject({ outcome: 'success' })
    const text = readFileSync(`${run.artifacts}/env`, 'utf8')
    expect(text).toContain(`BERTH_RUN_ID=${run.id}`)
    expect(text).not.toContain('BERTH_TEST_SECRET')
  })

  test('R-RUN-13 that may not be interrupted goes on to its end when the run is stopped, and ends at its own timeout', async () => {
    const { driver } = driverWithEmptyCgroups()
    const stopped = AbortSignal.abort()
    const short = { ...stageOf('true', 60_000), uninterruptible: true }
    expect(await driver.runStage(short, driver.contain('up'), stopped)).toMatchObject({ outcome: 'success' })
    const long = { ...stageOf('exec sleep 60', 50), uninterruptible: true }
    expect(await driver.runStage(long, driver.contain('up'), stopped)).toMatchObject({ outcome: 'timed_out' })
  })
})

describe('the report of a teardown', () => {
  test('R-RUN-04 is not verified where nothing shows that the processes are gone', async () => {
    const { driver } = driverWithEmptyCgroups({ proofs: [] })
    const report = await driver.tearDown(EMPTY_JOURNAL, driver.contain('teardown'), false)
    expect(report).toMatchObject({
      verified: false,
      left: ['processes: nothing shows that all are gone'],
      ending: { asked: 0, killed: 0, proofs: [] },
    })
  })

  test('R-RUN-04 counts what was ended of the teardown command itself', { timeout: 10_000 }, async () => {
    const { driver } = driverWithEmptyCgroups({ teardown: 'exec sleep 60' })
    const report = await driver.tearDown(EMPTY_JOURNAL, driver.contain('teardown'), false)
    expect(report).toMatchObject({ verified: false, ended: 1, ending: { asked: 1 } })
  })
})

describe('a run whose working folder was spoilt', () => {
  const spoilt: Readonly<Record<string, (run: RunPaths) => void>> = {
    removed: ({ work }) => rmSync(work, { recursive: true }),
    'replaced by a file': ({ work }) => {
      rmSync(work, { recursive: true })
      writeFileSync(work, '')
    },
    'closed to everybody': ({ work }) => chmodSync(work, 0),
  }
  test.each(Object.keys(spoilt))('R-RUN-03 its teardown command comes when it was %s', async (how) => {
    const { driver, run } = driverWithEmptyCgroups()
    spoilt[how]?.(run)
    const report = await driver.tearDown(EMPTY_JOURNAL, driver.contain('teardown'), false)
    expect(report).toMatchObject({ verified: true, left: [] })
  })
})
