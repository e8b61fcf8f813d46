import { execFileSync } from 'node:child_process'
import { closeSync, mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { lock, unlock } from 'proper-lockfile'
import { removeIdleLock } from '../../src/lock/idle.ts'
import { lockExclusively } from '../../src/lock/lockFile.ts'
import { letGo, tryAcquire } from '../../src/lock/nameLocks.ts'
import { lockPath, namesWithLockFile, openStateFolder, type StatePaths } from '../../src/store/stateFolder.ts'
import { figure, type Part, ratios } from './figures.ts'
import { buildFloor, type Floor } from './floor.ts'
import { type Measuring, nowMs } from './wait.ts'

const TURNS = 20_000
const TURNS_OF_OTHERS = 100
const FILES = 10_000
const HELD = FILES / 10

/** What the lock itself costs, over the same system calls in C, beside what others take. */
export async function measureLocks(folder: string, rounds: number, measuring: Measuring): Promise<Part> {
  const root = mkdtempSync(join(folder, 'berth-bench-'))
  try {
    const floor = buildFloor(root)
    const paths = openStateFolder(join(root, 'state'))
    const turns: TurnTimes[] = []
    const sweeps: SweepTimes[] = []
    for (let round = 0; round <= rounds; round += 1) {
      measuring.signal.throwIfAborted()
      const turn = await timeTurns(paths, floor)
      const sweep = timeSweeps(paths, floor)
      measuring.say(`locks ${round}/${rounds}`)
      // The first round fills caches, and compiles.
      if (round === 0) continue
      turns.push(turn)
      sweeps.push(sweep)
    }
    return partOf(turns, sweeps)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}

/** Microseconds of one acquire and release. */
interface TurnTimes {
  readonly ours: number
  readonly c: number
  readonly proper: number
  readonly flock: number
}

async function timeTurns(paths: StatePaths, floor: Floor): Promise<TurnTimes> {
  const path = lockPath(paths, 'a.example')
  const c = floor.turn(path, TURNS) / 1000
  const ours = perTurn(TURNS, () => {
    const held = tryAcquire(paths, ['a.example'])
    if (held.kind === 'busy') throw new Error('somebody has the benchmark’s name')
    letGo(held)
  })
  const flock = perTurn(TURNS_OF_OTHERS, () => void execFileSync('flock', ['-n', path, 'true']))
  const beganMs = nowMs()
  for (let turn = 0; turn < TURNS_OF_OTHERS; turn += 1) {
    await lock(path)
    await unlock(path)
  }
  const proper = ((nowMs() - beganMs) * 1000) / TURNS_OF_OTHERS
  rmSync(path)
  return { ours, c, flock, proper }
}

function perTurn(turns: number, act: () => void): number {
  const beganMs = nowMs()
  for (let turn = 0; turn < turns; turn += 1) act()
  return ((nowMs() - beganMs) * 1000) / turns
}

/** Milliseconds of one sweep over all files; each removes what nobody has. */
interface SweepTimes {
  readonly ours: number
  readonly c: number
  readonly lslocks: number
}

function timeSweeps(paths: StatePaths, floor: Floor): SweepTimes {
  const [c] = withFiles(paths, () => {
    const { ms, removed } = floor.sweep(paths.locks)
    mustBe(removed)
    return ms
  })
  const [ours, lslocks] = withFiles(paths, () => {
    const beganMs = nowMs()
    const removed = namesWithLockFile(paths).filter((name) => removeIdleLock(paths, name)).length
    const tookMs = nowMs() - beganMs
    mustBe(removed)
    return tookMs
  })
  return { ours, c, lslocks }
}

/** What the sweep took, and `lslocks` before it, over fresh files, every tenth of which is held by a descriptor of this process. */
function withFiles(paths: StatePaths, sweep: () => number): readonly [number, number] {
  const held: number[] = []
  try {
    for (let file = 0; file < FILES; file += 1) {
      const fd = lockExclusively(lockPath(paths, `run-${file}.example`)) ?? -1
      if (file % 10 === 0) held.push(fd)
      else closeSync(fd)
    }
    const beganMs = nowMs()
    execFileSync('lslocks', ['-n'], { maxBuffer: 1e9 })
    const lslocks = nowMs() - beganMs
    return [sweep(), lslocks]
  } finally {
    for (const fd of held) closeSync(fd)
    for (const name of namesWithLockFile(paths)) rmSync(lockPath(paths, name))
  }
}

function mustBe(removed: number): void {
  if (removed !== FILES - HELD)
    throw new Error(`a sweep removed ${removed} of ${FILES - HELD} idle lock files`)
}

function partOf(turns: readonly TurnTimes[], sweeps: readonly SweepTimes[]): Part {
  const turn = (of: keyof TurnTimes) => turns.map((one) => one[of])
  const sweep = (of: keyof SweepTimes) => sweeps.map((one) => one[of])
  return {
    name: 'locks',
    title: '4. Locks, over the same system calls in C',
    conditions: `One name taken and given back, ${TURNS.toLocaleString('en')} times a round (${TURNS_OF_OTHERS} for others); a sweep over ${FILES.toLocaleString('en')} lock files, a tenth of them held.`,
    groups: [
      {
        title: 'acquire and release',
        figures: [
          figure('berth over C', '×', ratios(turn('ours'), turn('c')), 3),
          figure('C: open, flock, compare, close', 'µs', turn('c')),
          figure('berth', 'µs', turn('ours')),
          figure('proper-lockfile', 'µs', turn('proper')),
          figure('flock(1), as a process', 'µs', turn('flock')),
        ],
      },
      {
        title: 'sweep',
        figures: [
          figure('berth over C', '×', ratios(sweep('ours'), sweep('c')), 5),
          figure('C: the same, mark read, unlinked', 'ms', sweep('c')),
          figure('berth', 'ms', sweep('ours')),
          figure('lslocks, which only looks', 'ms', sweep('lslocks')),
        ],
      },
    ],
  }
}
