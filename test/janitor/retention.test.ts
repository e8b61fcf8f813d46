import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { Finding } from '../../src/janitor/finding.ts'
import { sweep } from '../../src/janitor/sweep.ts'
import { writeMark } from '../../src/lock/lockFile.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { addOpenRun } from '../../src/lock/openRuns.ts'
import { tryFlock } from '../../src/lock/syscalls.ts'
import type { StatePaths } from '../../src/store/stateFolder.ts'
import { stateFolder } from '../lock/world.ts'
import { DAY_MS, idOf, janitorOf, pastRun } from './world.ts'

async function findings(state: StatePaths, retention?: string, dryRun = false): Promise<readonly Finding[]> {
  return (await sweep(janitorOf(state, retention), dryRun)).findings
}

function actions(found: readonly Finding[]) {
  return found.map(({ what, name, action }) => ({ what, name, action }))
}

describe('by age', () => {
  test('R-JAN-11 run folders that ended longer ago than is kept go; younger ones stay', async () => {
    const state = stateFolder()
    const old = pastRun(state, { days: 31 })
    const young = pastRun(state, { days: 29 })
    const { findings: found, exitCode } = await sweep(janitorOf(state), false)
    expect(found).toEqual([
      { what: 'run folder', name: old.id, action: 'pruned', why: 'it ended 31 days ago, and is kept for 30' },
    ])
    expect(exitCode, 'room is no leftover').toBe(0)
    expect(readdirSync(state.runs)).toEqual([young.id])
    expect(await findings(state)).toEqual([])
  })

  test('R-JAN-11 it counts from the end of a run, not from when it was asked for', async () => {
    const state = stateFolder()
    const run = pastRun(state, { days: 40 })
    utimesSync(run.result, new Date(), new Date())
    expect(await findings(state)).toEqual([])
    utimesSync(run.result, new Date(Date.now() + 9 * DAY_MS), new Date(Date.now() + 9 * DAY_MS))
    expect(actions(await findings(state)), 'an end in the future tells nothing').toMatchObject([
      { action: 'pruned' },
    ])
  })

  test('R-JAN-11 R-JAN-06 a dry run says the same, and changes nothing', async () => {
    const state = stateFolder()
    const old = pastRun(state, { days: 31 })
    const untold = pastRun(state, { days: 32, reported: false })
    const before = execFileSync('find', [state.root], { encoding: 'utf8' })
    const world = janitorOf(state)
    expect(actions((await sweep(world, true)).findings)).toEqual([
      { what: 'run folder', name: untold.id, action: 'untouched' },
      { what: 'run folder', name: old.id, action: 'would prune' },
    ])
    rmSync(join(state.root, 'berth.yml'))
    expect(execFileSync('find', [state.root], { encoding: 'utf8' })).toBe(before)
  })
})

describe('never', () => {
  test.for([
    [
      'of a run that is open',
      (state: StatePaths, id: string) => {
        addOpenRun(state, { run: id, locks: ['r:busy'], since: 1 })
        const held = tryAcquire(state, ['r:busy'])
        if (held.kind === 'held') onTestFinished(() => letGo(held))
      },
      'not cleaned yet',
    ],
    [
      'that a process stands in',
      async (state: StatePaths, id: string) => {
        const child: ChildProcess = spawn('sleep', ['100'], { cwd: join(state.runs, id, 'work') })
        onTestFinished(() => void child.kill('SIGKILL'))
        await new Promise((resolve) => child.once('spawn', resolve))
      },
      /^process \d+ stands in it, or reads it/,
    ],
    [
      'whose end the service has not taken note of',
      (state: StatePaths, id: string) => rmSync(join(state.runs, id, 'reported')),
      'has not taken note',
    ],
  ] as const)('R-JAN-11 %s: it is kept, and said why', async ([, change, why]) => {
    const state = stateFolder()
    const old = pastRun(state, { days: 31 })
    await change(state, old.id)
    const text = typeof why === 'string' ? expect.stringContaining(why) : expect.stringMatching(why)
    for (const dryRun of [false, true]) {
      const found = await findings(state, '{ days: 30, size: 1B }', dryRun)
      expect(found).toContainEqual({ what: 'run folder', name: old.id, action: 'untouched', why: text })
    }
    expect(existsSync(old.folder)).toBe(true)
  })

  test('R-JAN-11 R-JAN-02 of a run that somebody conducts', async () => {
    const state = stateFolder()
    const old = pastRun(state, { days: 31 })
    const fd = openSync(old.journal, 'a')
    expect(tryFlock(fd)).toBe(true)
    const busy = {
      name: old.id,
      action: 'untouched',
      why: expect.stringContaining('somebody has its journal'),
    }
    expect(await findings(state)).toEqual([{ what: 'run folder', ...busy }])
    closeSync(fd)
    expect(actions(await findings(state))).toMatchObject([{ action: 'pruned' }])
  })

  test('R-JAN-11 R-LCK-11 of a run that marks a name still, be its request readable or not', async () => {
    const state = stateFolder()
    const old = pastRun(state, { days: 31 })
    const held = tryAcquire(state, ['app-0.ci.localhost'])
    if (held.kind !== 'held') throw new Error('the name is not free')
    writeMark(held.fds[0] ?? -1, { run: old.id, locks: held.names, since: 1 })
    for (const spoil of [() => undefined, () => writeFileSync(old.request, 'spoilt')]) {
      spoil()
      const marked = { name: old.id, action: 'untouched', why: expect.stringContaining('is marked with it') }
      expect(await findings(state)).toContainEqual({ what: 'run folder', ...marked })
    }
    letGo(held)
  })

  test('R-JAN-11 R-RUN-03 of a run without a verified end that no sweep can recover', async () => {
    const state = stateFolder()
    const old = pastRun(state, { days: 31 })
    rmSync(old.result)
    writeFileSync(old.request, '{}')
    const then = new Date(Date.now() - 31 * DAY_MS)
    utimesSync(old.folder, then, then)
    expect(await findings(state)).toEqual([
      expect.objectContaining({ action: 'untouched', why: expect.stringContaining('no verified end') }),
    ])
  })

  test('R-JAN-11 what is no run’s folder', async () => {
    const state = stateFolder()
    for (const name of ['lost+found', idOf(40).toUpperCase(), '.hidden', 'notes'])
      mkdirSync(join(state.runs, name))
    expect(await findings(state, '{ size: 1B }')).toEqual([])
    expect(readdirSync(state.runs)).toHaveLength(4)
  })
})

describe('a run without a report', () => {
  test('R-JAN-11 of `berth run` has told its caller; one that was only begun never had one to tell', async () => {
    const state = stateFolder()
    const [begun, young] = [idOf(33), idOf(2)]
    mkdirSync(join(state.runs, begun, 'work'), { recursive: true })
    mkdirSync(join(state.runs, young))
    expect(await findings(state), 'a run that waited long is about to begin').not.toContainEqual(
      expect.objectContaining({ name: begun }),
    )
    const then = new Date(Date.now() - 33 * DAY_MS)
    utimesSync(join(state.runs, begun), then, then)
    const foreground = pastRun(state, { days: 31, foreground: true, reported: false })
    expect(actions(await findings(state))).toEqual([
      { what: 'run folder', name: begun, action: 'pruned' },
      { what: 'run folder', name: foreground.id, action: 'pruned' },
    ])
    expect(readdirSync(state.runs)).toEqual([young])
  })
})

describe('by size', () => {
  test('R-JAN-11 the oldest go until the rest fits; what may not go is passed over', async () => {
    const state = stateFolder()
    const [first, untold, third, fourth] = [4, 3, 2, 1].map((days) =>
      pastRun(state, { days, kilobytes: 1000, reported: days !== 3 }),
    )
    const size = '{ size: 2.5MB }'
    const found = await findings(state, size)
    expect(found).toEqual([
      expect.objectContaining({
        name: first?.id,
        action: 'pruned',
        why: expect.stringMatching(/^run folders have 4.\dMB together, and 2.5MB are kept$/),
      }),
      expect.objectContaining({ name: untold?.id, action: 'untouched' }),
      expect.objectContaining({ name: third?.id, action: 'pruned' }),
    ])
    expect(readdirSync(state.runs)).toEqual([untold?.id, fourth?.id])
    expect(await findings(state, size)).toEqual([])
  })

  test('R-JAN-11 what ended within the last hour stays, however much it is', async () => {
    const state = stateFolder()
    const [old, fresh] = [2 / 24, 0.5 / 24].map((days) => pastRun(state, { days, kilobytes: 100 }))
    expect(actions(await findings(state, '{ size: 1B }'))).toEqual([
      { what: 'run folder', name: old?.id, action: 'pruned' },
    ])
    expect(readdirSync(state.runs)).toEqual([fresh?.id])
  })

  test('R-JAN-11 a folder is measured once, also across sweeps; one that changes is not', async () => {
    const state = stateFolder()
    const run = pastRun(state, { days: 1, kilobytes: 100 })
    const live = pastRun(state, { days: 1, nth: 1, kilobytes: 100 })
    rmSync(live.result)
    writeFileSync(live.request, '{}')
    const { retained } = await sweep(janitorOf(state), false)
    expect(retained).toEqual({ runFolders: 2, bytes: Number(readFileSync(run.size, 'utf8')) })
    expect(retained.bytes).toBeGreaterThan(100 * 1024)
    expect(existsSync(live.size)).toBe(false)
    writeFileSync(run.size, '7\n')
    expect((await sweep(janitorOf(state), true)).retained.bytes).toBe(7)
    writeFileSync(run.size, '7')
    expect((await sweep(janitorOf(state), true)).retained.bytes, 'a torn one').toBeGreaterThan(100 * 1024)
  })
})

describe('removals', () => {
  test('R-JAN-07 R-JAN-11 one that was interrupted is finished, and taken for no run meanwhile', async () => {
    const state = stateFolder()
    const run = pastRun(state, { days: 3 })
    rmSync(run.result)
    renameSync(run.folder, join(state.runs, `.gone-${run.id}`))
    expect(actions(await findings(state, '{}', true))).toEqual([
      { what: 'run folder', name: run.id, action: 'would prune' },
    ])
    expect(actions(await findings(state))).toEqual([{ what: 'run folder', name: run.id, action: 'pruned' }])
    expect(readdirSync(state.runs)).toEqual([])
    expect(readdirSync(state.open)).toEqual([])
  })
})

test('R-JAN-11 a sweep over many run folders looks at each once, and at the end of those only that may be due', async () => {
  const state = stateFolder()
  for (let nth = 0; nth < 1000; nth += 1) finishedFolder(state, nth < 20 ? 40 : 20, nth)
  const world = janitorOf(state)
  const looks = { sizes: 0, ends: 0 }
  const retention = {
    ...world.retention,
    bytesOf(id: string, dryRun: boolean) {
      looks.sizes += 1
      return world.retention.bytesOf(id, dryRun)
    },
    endedAtMs(id: string) {
      looks.ends += 1
      return world.retention.endedAtMs(id)
    },
  }
  const { findings: found, retained } = await sweep({ ...world, retention }, false)
  expect(found.filter(({ action }) => action === 'pruned')).toHaveLength(20)
  expect(retained).toEqual({ runFolders: 980, bytes: 980_000 })
  expect(looks).toEqual({ sizes: 1000, ends: 20 })
})

/** As small as a folder can be, with a known size. */
function finishedFolder(state: StatePaths, days: number, nth: number): void {
  const folder = join(state.runs, idOf(days, nth))
  const result = { run: 'x', conclusion: 'success', reason: 'passed', title: '', exitCode: 0, verified: true }
  mkdirSync(folder)
  for (const [name, text] of [
    ['request.json', '{}'],
    ['result.json', JSON.stringify(result)],
    ['reported', ''],
    ['size', '1000\n'],
  ] as const)
    writeFileSync(join(folder, name), text)
  const ended = new Date(Date.now() - days * DAY_MS)
  utimesSync(join(folder, 'result.json'), ended, ended)
}
