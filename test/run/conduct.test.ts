import { describe, expect, onTestFinished, test, vi } from 'vitest'
import {
  type Containment,
  EMPTY_JOURNAL,
  type Entry,
  type EntryBody,
  type Journal,
  type StopRequest,
  withEntry,
} from '../../src/model/journal.ts'
import type { RunRequest } from '../../src/model/run.ts'
import { conduct } from '../../src/run/conduct.ts'
import type { RunWorld, StageEnd } from '../../src/run/ports.ts'
import { Stop } from '../../src/run/stop.ts'

const STAGES = ['deploy', 'check', 'upgrade']

interface Script {
  /** How each stage ends; green where nothing is said. */
  readonly ends?: Readonly<Record<string, StageEnd['outcome']>>
  readonly teardownVerified?: readonly boolean[]
  readonly prepareFault?: string
  readonly keepMs?: number
  readonly lostLock?: () => string | null
  readonly deadlineMs?: number
  readonly pause?: (ms: number) => void
}

class Crash extends Error {}

/** What is on disk, and what was done to the world; both outlive a process. */
class Disk {
  entries: Entry[] = []
  /** Lines and effects, as they came. */
  readonly story: string[] = []
  stop: StopRequest | null = null
  readonly effects: string[] = []
  writes = 0
  teardowns = 0

  get journal(): Journal {
    return this.entries.reduce(withEntry, EMPTY_JOURNAL)
  }
}

/** One process of the run, which dies at the given write: before it, or right after it. */
async function process(
  disk: Disk,
  script: Script,
  die: { at: number; after: boolean } | null,
): Promise<void> {
  let dead = false
  const live = () => {
    if (dead) throw new Crash()
  }
  const append = (body: EntryBody) => {
    live()
    disk.writes += 1
    dead = die?.at === disk.writes
    if (die?.after !== true) live()
    disk.entries.push({ at: disk.writes, mono: disk.writes, ...body })
    disk.story.push('name' in body ? `${body.event} ${body.name}` : body.event)
    live()
  }
  const record = {
    get journal() {
      return disk.journal
    },
    append,
    note: append,
  }
  const file = {
    read: () => disk.stop,
    note(stop: StopRequest) {
      live()
      disk.stop ??= stop
      return disk.stop === stop
    },
  }
  const stop = new Stop(file, (asked) => append({ event: 'stop.requested', stop: asked }))
  append({ event: 'process.started', pid: 1, startTime: '1', boot: 'boot', wrapper: 2 })
  stop.look()
  if (script.deadlineMs !== undefined) stop.armDeadline(script.deadlineMs)
  await conduct(worldOf(disk, script, record, stop))
}

function worldOf(disk: Disk, script: Script, record: RunWorld['record'], stop: Stop): RunWorld {
  const part = (stage: string): Containment => ({ kind: 'sweep', run: 'run', stage })
  return {
    request: requestOf(script),
    record,
    stop,
    async prepare() {
      disk.effects.push('prepare')
      if (script.prepareFault !== undefined) throw new Error(script.prepareFault)
    },
    lostLock: script.lostLock ?? (() => null),
    pause: async (ms) => (script.pause ?? (() => void disk.effects.push('keep')))(ms),
    driver: {
      containmentLevel: 'sweep',
      contain: part,
      async runStage({ name }) {
        disk.effects.push(name)
        disk.story.push(name)
        const outcome = script.ends?.[name] ?? 'success'
        return { outcome, exitCode: outcome === 'success' ? 0 : 1, detail: 'exit code', ending: null }
      },
      async tearDown(_journal, _part, ownOnly) {
        disk.effects.push(ownOnly ? 'teardown of its own' : 'teardown')
        disk.story.push('teardown')
        const verified = script.teardownVerified?.[disk.teardowns] ?? true
        disk.teardowns += 1
        return { verified, ended: 0, ending: null, tookMs: 1, left: verified ? [] : ['a process'] }
      },
    },
  }
}

function requestOf(script: Script): RunRequest {
  const stages = STAGES.map((name) => ({ name, run: 'true', timeoutMs: 1000, uninterruptible: false }))
  return {
    version: 1,
    run: 'run',
    recipe: 'recipe',
    recipeDigest: 'digest',
    driver: 'process',
    domain: 'a.example',
    names: ['a.example'],
    repository: 'acme/site',
    repositoryId: '1',
    cloneUrl: '/',
    pr: 1,
    sha: '0'.repeat(40),
    ref: null,
    actor: 'octocat',
    arguments: {},
    env: {},
    stages,
    teardown: { run: 'true', timeoutMs: 1000 },
    budgets: { deadlineMs: 1000, teardownMs: 1000, killGraceMs: 10, ceilingMs: 3000 },
    limits: { memoryBytes: null, processes: null, cpus: null },
    runAs: null,
    secrets: { folder: null, names: [], withheld: [] },
    foreground: false,
    keepMs: script.keepMs ?? 0,
    instance: 'test',
    requestedAtMs: 0,
  }
}

async function conducted(script: Script): Promise<Disk> {
  const disk = new Disk()
  await process(disk, script, null)
  return disk
}

function conclusions(disk: Disk): number {
  return disk.entries.filter(({ event }) => event === 'concluded').length
}

describe('a run in one process', () => {
  test('R-RUN-02 goes through its stages in order, tears down and concludes', async () => {
    const disk = await conducted({})
    expect(disk.effects).toEqual(['prepare', 'deploy', 'check', 'upgrade', 'teardown'])
    expect(disk.journal.verdict).toMatchObject({ conclusion: 'success', exitCode: 0 })
  })

  test('R-RUN-01 each effect comes after the line that announces it, and before the line that says how it ended', async () => {
    const { story } = await conducted({})
    const around = (what: string, line: string) => [`${line}.started`, what, `${line}.ended`]
    const stages = STAGES.flatMap((name) => [`stage.started ${name}`, name, `stage.ended ${name}`])
    expect(story).toEqual([
      'process.started',
      'prepared',
      ...stages,
      ...around('teardown', 'teardown'),
      'concluded',
    ])
  })

  test('R-RUN-03 a red stage ends the work, never the teardown', async () => {
    const disk = await conducted({ ends: { check: 'failure' } })
    expect(disk.effects).toEqual(['prepare', 'deploy', 'check', 'teardown'])
    expect(disk.journal.verdict).toMatchObject({ conclusion: 'failure', reason: 'stage_failed', exitCode: 1 })
  })

  test('R-RUN-16 a checkout that fails is a fault of the harness, and says which', async () => {
    const disk = await conducted({ prepareFault: 'no such commit' })
    expect(disk.effects).toEqual(['prepare', 'teardown'])
    expect(disk.journal.verdict).toMatchObject({ title: 'harness: no such commit', exitCode: 70 })
  })

  test('R-RUN-23 a red run is kept for inspection before its teardown, a green one is not', async () => {
    expect((await conducted({ keepMs: 5, ends: { deploy: 'failure' } })).effects).toEqual([
      'prepare',
      'deploy',
      'keep',
      'teardown',
    ])
    expect((await conducted({ keepMs: 5 })).effects).not.toContain('keep')
  })

  test('R-RUN-23 the deadline does not shorten the time for which a red run is kept', async () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const disk = await conducted({
      keepMs: 5000,
      deadlineMs: 1000,
      ends: { deploy: 'failure' },
      pause: (ms) => vi.advanceTimersByTime(ms),
    })
    expect(disk.effects).toEqual(['prepare', 'deploy', 'teardown'])
    expect(disk.stop).toBeNull()
  })

  test('R-RUN-05 a teardown that is not verified stands beside the result', async () => {
    const green = await conducted({ teardownVerified: [false] })
    expect(green.journal.verdict).toMatchObject({
      conclusion: 'failure',
      reason: 'teardown_unverified',
      exitCode: 4,
    })
    expect(green.journal.verdict?.title).toBe('All 3 stages passed, but teardown is not verified: a process')
    const red = await conducted({ teardownVerified: [false], ends: { deploy: 'failure' } })
    expect(red.journal.verdict).toMatchObject({ reason: 'stage_failed', exitCode: 1 })
    expect(red.journal.verdict?.title).toContain('teardown is not verified: a process')
  })

  test('R-LCK-18 a lock that is lost ends the run, and only what is its own is taken down', async () => {
    const disk = await conducted({ lostLock: () => 'a.example' })
    expect(disk.effects).toEqual(['prepare', 'teardown of its own'])
    expect(disk.journal.verdict).toMatchObject({ reason: 'lock_lost', exitCode: 70 })
  })
})

describe.each([
  ['green', {}],
  ['red', { ends: { check: 'failure' } }],
  ['kept', { ends: { check: 'failure' }, keepMs: 5 }],
  ['not torn down at first', { teardownVerified: [false, false, true] }],
] as [string, Script][])('a run that is %s', (_name, script) => {
  const positions = async () => {
    const { writes } = await conducted(script)
    return Array.from({ length: writes * 2 }, (_, index) => ({
      at: 1 + Math.floor(index / 2),
      after: index % 2 === 1,
    }))
  }

  test('R-RUN-01 R-RUN-02 R-RUN-08 killed at any write it ends in one conclusion, begins no stage twice, and is torn down', async () => {
    for (const die of await positions()) {
      const disk = new Disk()
      await process(disk, script, die).catch(ignoreCrash)
      for (let rounds = 0; rounds < 4; rounds += 1) await process(disk, script, null)
      expect(conclusions(disk), `killed at ${JSON.stringify(die)}`).toBe(1)
      for (const stage of STAGES)
        expect(disk.effects.filter((effect) => effect === stage).length).toBeLessThanOrEqual(1)
      expect(disk.teardowns).toBeGreaterThanOrEqual(1)
    }
  })

  test('R-RUN-02 the second process goes nowhere but to the end', async () => {
    for (const die of await positions()) {
      const disk = new Disk()
      await process(disk, script, die).catch(ignoreCrash)
      const before = disk.effects.length
      const first = disk.journal.processes
      await process(disk, script, null)
      const later = disk.effects.slice(before)
      if (first > 0) expect(later.filter((effect) => effect !== 'teardown')).toEqual([])
    }
  })

  test('R-RUN-08 killed twice, at any two writes, it ends in one conclusion all the same', async () => {
    for (const first of await positions()) {
      for (let second = 1; second < 8; second += 1) {
        const disk = new Disk()
        await process(disk, script, first).catch(ignoreCrash)
        await process(disk, script, { at: disk.writes + second, after: second % 2 === 0 }).catch(ignoreCrash)
        for (let rounds = 0; rounds < 4; rounds += 1) await process(disk, script, null)
        expect(conclusions(disk)).toBe(1)
        expect(disk.teardowns).toBeGreaterThanOrEqual(1)
      }
    }
  })
})

describe('a run that is told to stop', () => {
  test('R-RUN-22 before its first stage it deploys nothing', async () => {
    const disk = new Disk()
    disk.stop = { reason: 'cancelled', by: 'octocat', atMs: 1 }
    await process(disk, {}, null)
    expect(disk.effects).toEqual(['teardown'])
    expect(disk.journal.verdict).toMatchObject({ conclusion: 'cancelled', exitCode: 143 })
  })

  test('R-RUN-02 abandoned after its last green stage it is still a success: what was asked for was tested', async () => {
    const disk = new Disk()
    const { writes } = await conducted({})
    await process(disk, {}, { at: writes - 2, after: false }).catch(ignoreCrash)
    disk.stop = { reason: 'abandoned', by: 'janitor', atMs: 1 }
    await process(disk, {}, null)
    expect(disk.journal.verdict).toMatchObject({ conclusion: 'success' })
  })

  test('R-RUN-02 an uncleaned run is cleaned by the next process, and keeps its conclusion', async () => {
    const script = { teardownVerified: [false, false, true] }
    const disk = await conducted(script)
    expect(disk.teardowns).toBe(1)
    await process(disk, script, null)
    await process(disk, script, null)
    await process(disk, script, null)
    expect(disk.teardowns).toBe(3)
    expect(disk.journal.cleanings.map(({ verified }) => verified)).toEqual([false, true])
    expect(disk.journal.verdict).toMatchObject({ reason: 'teardown_unverified' })
  })
})

function ignoreCrash(error: unknown): void {
  if (!(error instanceof Crash)) throw error
}
