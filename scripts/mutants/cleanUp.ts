import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import type { Tree } from './tree.ts'

const MOST_MS = 20_000

/** What a mutant has left, and what of that could not be ended. */
export interface Leavings {
  readonly processes: number
  readonly left: readonly string[]
}

/**
 * Ends what a mutant's tests have left, and nothing else: processes that name the tree, have a file of it open, or carry the mark of a run that lies in
 * it; the cgroups of those runs; the folder of temporary files.
 */
export async function cleanUp(tree: Tree): Promise<Leavings> {
  const end = performance.now() + MOST_MS
  const ended = new Set<number>()
  const runs = runsBelow(tree.temporary)
  const cgroups = runs.flatMap(cgroupsOf)
  for (const path of cgroups) killCgroup(path)
  for (;;) {
    const found = ownProcesses(tree, runs)
    for (const pid of found) killIfAlive(pid)
    for (const pid of found) ended.add(pid)
    if (found.length === 0 || performance.now() > end) break
    await pause(20)
  }
  for (const path of cgroups) removeCgroup(path)
  const left = [...ownProcesses(tree, runs).map((pid) => `process ${pid}`), ...cgroups.filter(existsSync)]
  for (const entry of readdirSync(tree.temporary))
    rmSync(join(tree.temporary, entry), { recursive: true, force: true })
  return { processes: ended.size, left }
}

/** Removes the tree as well. */
export async function removeTree(tree: Tree): Promise<void> {
  await cleanUp(tree)
  rmSync(tree.root, { recursive: true, force: true })
}

/** Ids of the runs in state folders below the folder. */
function runsBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap(
    (path) => /(?:^|\/)runs\/([0-9a-z]{16})$/.exec(path)?.[1] ?? [],
  )
}

/** The process itself and its ancestors name the tree, too, as soon as somebody asks for it. */
function ownProcesses({ root }: Tree, runs: readonly string[]): readonly number[] {
  const spared = lineOf(process.pid)
  const marks = new Set(runs.map((run) => `BERTH_RUN_ID=${run}`))
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && !spared.includes(pid) && isLive(pid))
    .filter((pid) => {
      const environment = read(`/proc/${pid}/environ`)
      const words = `${environment}\0${read(`/proc/${pid}/cmdline`)}`
      if (words.includes(root) || environment.split('\0').some((line) => marks.has(line))) return true
      return linksOf(pid).some((path) => path === root || path.startsWith(`${root}/`))
    })
}

function isLive(pid: number): boolean {
  const text = read(`/proc/${pid}/stat`)
  return text !== '' && !/^[ZX]/.test(text.slice(text.lastIndexOf(')') + 2))
}

/** A process and its ancestors. */
function lineOf(pid: number): readonly number[] {
  const text = read(`/proc/${pid}/stat`)
  const parent = Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[1] ?? 0)
  return parent > 0 ? [pid, ...lineOf(parent)] : [pid]
}

function linksOf(pid: number): readonly string[] {
  const fds = entriesOf(`/proc/${pid}/fd`).map((fd) => `/proc/${pid}/fd/${fd}`)
  return [`/proc/${pid}/cwd`, `/proc/${pid}/exe`, ...fds].map(target)
}

/** The cgroups of a run, wherever below the mount they are. */
function cgroupsOf(run: string): readonly string[] {
  const mount = /^\S+ (\S+) cgroup2 /m.exec(read('/proc/mounts'))?.[1]
  if (mount === undefined) return []
  const found = execFileSync('find', [mount, '-type', 'd', '-name', `berth-${run}`], { encoding: 'utf8' })
  return found.split('\n').filter((path) => path !== '' && dirname(path).startsWith(mount))
}

function killCgroup(path: string): void {
  try {
    writeFileSync(join(path, 'cgroup.kill'), '1')
  } catch {
    return
  }
}

function removeCgroup(path: string): void {
  try {
    execFileSync('find', [path, '-depth', '-type', 'd', '-exec', 'rmdir', '{}', '+'], { stdio: 'ignore' })
  } catch {
    return
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    return
  }
}

function target(link: string): string {
  try {
    return readlinkSync(link)
  } catch {
    return ''
  }
}

function entriesOf(folder: string): readonly string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
