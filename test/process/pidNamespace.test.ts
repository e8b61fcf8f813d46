import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { describe, expect, onTestFinished, test } from 'vitest'
import { makePipe } from '../../src/lock/syscalls.ts'
import type { Containment } from '../../src/model/journal.ts'
import { journalEntries } from '../../src/model/readJournal.ts'
import { createContainment, type RunContainment } from '../../src/process/containment.ts'
import { endingOf } from '../../src/process/endingOf.ts'
import { openJoining } from '../../src/process/joining.ts'
import { openNamespace } from '../../src/process/openNamespace.ts'
import { isAlive, liveProcesses, namespaceOf, signalPid } from '../../src/process/procfs.ts'
import { newRunId } from '../../src/store/runId.ts'

const NOBODY = { reaper: null, uid: null }
const GRACE_MS = 5_000
const OFFERS = { cgroupBase: () => null, openNamespace }
const IS_OFFERED = (await createContainment(newRunId(), NOBODY, OFFERS)).level === 'pid-namespace'

describe.skipIf(!IS_OFFERED)('a PID namespace', () => {
  test('R-RUN-12 a stage in it ends as it ended: its exit code, or its signal', async () => {
    const { started } = await inNamespace()
    expect(await started('exit 7').ended).toEqual([7, null])
    expect(await started('kill -TERM $$').ended).toEqual([null, 'SIGTERM'])
    expect(await started('kill -KILL $$').ended).toEqual([null, 'SIGKILL'])
  })

  test('all stages of a run see the same pids, and nothing of the machine', async () => {
    const { started } = await inNamespace()
    const [pid = ''] = await started('(exec sleep 60 >/dev/null) & echo $!').lines
    const seen = await started(`ps -p ${pid} -o args=; ps -A -o pid= | head -n 1; ls -d /proc/${process.pid}`)
      .lines
    expect(seen).toEqual(['sleep 60', '1'].map((line) => expect.stringContaining(line)))
  })

  test('R-RUN-07 R-RUN-13 a stage hears TERM, has its grace, and its exit code is told', async () => {
    const { containment, part, started } = await inNamespace()
    const { child, lines, ended } = started(
      "trap 'exit 9' TERM; echo here; while :; do sleep 60 & wait; done",
    )
    await once(child.stdout ?? child, 'data')
    expect((await containment.end([part], GRACE_MS)).left).toEqual([])
    expect(await ended).toEqual([9, null])
    await lines
  })

  test('R-RUN-07 an orphan of another stage stands when a stage is ended, one that hides where it came from does not', async () => {
    const { containment, part, started, members } = await inNamespace()
    await started('(setsid sleep 61 >/dev/null &)', 'earlier').ended
    await started('(setsid env -i sleep 62 >/dev/null &)').ended
    await members(2)
    expect(endingOf([await containment.end([part], GRACE_MS)], GRACE_MS)).toMatchObject({
      asked: 1,
      left: [],
    })
    await members(1)
    expect(endingOf([await containment.endAll([part], GRACE_MS)], GRACE_MS)).toMatchObject({
      asked: 1,
      left: [],
    })
    await members(0)
  })

  test('R-RUN-07 case 37a nobody enters one that was ended: a stage that comes late is a fault, and nothing of it has run', async () => {
    const { containment, part, started } = await inNamespace()
    using joining = openJoining(part, makePipe)
    await containment.endAll([part], GRACE_MS)
    const { ended } = started('exit 0', 'up', joining.writeFds[0])
    joining.isHandedOver()
    const [code] = await ended
    expect(joining.hasFailed(code)).toBe(true)
  })

  test('R-RUN-12 a stage that has entered and ends with 1 has not failed to enter', async () => {
    const { part, started } = await inNamespace()
    using joining = openJoining(part, makePipe)
    const { ended } = started('exit 1', 'up', joining.writeFds[0])
    joining.isHandedOver()
    expect(joining.hasFailed((await ended)[0])).toBe(false)
  })

  test('R-RUN-08 whoever recovers the run ends it from what the journal says, namespaces made inside it too', async () => {
    const { part, started, members } = await inNamespace()
    await started('(setsid env -i unshare -Ur --pid --fork sleep 63 >/dev/null 2>&1 &)').ended
    await members(2)
    const line = JSON.stringify({ at: 0, mono: 0, event: 'stage.started', name: 'up', containment: part })
    const [entry] = journalEntries(`${line}\n`)
    if (entry?.event !== 'stage.started') throw new Error('no such entry')
    expect(entry.containment).toEqual(part)
    const recoverer = await createContainment(newRunId(), NOBODY, {
      ...OFFERS,
      openNamespace: async () => null,
    })
    expect(endingOf([await recoverer.endAll([entry.containment], 1)], 1)).toMatchObject({
      asked: 2,
      proofs: [{ kind: 'pid-namespace' }, { kind: 'sweep' }],
      left: [],
    })
    await members(0)
  })

  test('R-RUN-03 when somebody has ended it, the stages that are still to come are found by their marks', async () => {
    const { containment, part } = await inNamespace()
    signalPid(part.pid, 'SIGKILL')
    await untilTrue(() => !isAlive(part))
    expect(containment.make('teardown').kind).toBe('sweep')
  })
})

test('where nobody can be made, or entered, the marks are what is left', async () => {
  const containment = await createContainment(newRunId(), NOBODY, {
    ...OFFERS,
    openNamespace: async () => null,
  })
  expect(containment.level).toBe('sweep')
  expect(containment.make('up').kind).toBe('sweep')
})

async function inNamespace() {
  const run = newRunId()
  const containment = await createContainment(run, NOBODY, OFFERS)
  const part = containment.make('up')
  if (part.kind !== 'pid-namespace') throw new Error(`this machine offers ${part.kind}`)
  onTestFinished(async () => void (await containment.endAll([part], 1)))
  const started = (script: string, stage = 'up', joinFd?: number) =>
    startIn(containment, part, { run, stage }, script, joinFd)
  const count = () => liveProcesses().filter(({ pid }) => pid !== part.pid && isIn(pid, part.inode)).length
  return { containment, part, started, members: (wanted: number) => untilTrue(() => count() === wanted) }
}

/** Of a namespace made inside, its first process's parent is in this one. */
function isIn(pid: number, inode: number): boolean {
  const parent = liveProcesses().find((stat) => stat.pid === pid)?.parent ?? 0
  return namespaceOf(pid) === inode || namespaceOf(parent) === inode
}

function startIn(
  containment: RunContainment,
  part: Containment,
  { run, stage }: { readonly run: string; readonly stage: string },
  script: string,
  joinFd: number | undefined,
) {
  const guard = ['setpriv', '--pdeathsig', 'KILL', '--no-new-privs', '/bin/sh', '-euc', script]
  const [file = '', ...words] = containment.command(part, '/', guard)
  const child: ChildProcess = spawn(file, words, {
    detached: true,
    env: { PATH: process.env['PATH'], BERTH_RUN_ID: run, BERTH_STAGE: stage },
    stdio: ['ignore', 'pipe', 'inherit', joinFd ?? 'pipe'],
  })
  const ended = new Promise<readonly [number | null, string | null]>((resolve) => {
    child.once('exit', (code, signal) => resolve([code, signal]))
  })
  return { child, ended, lines: linesOf(child) }
}

async function linesOf(child: ChildProcess): Promise<readonly string[]> {
  const lines: string[] = []
  if (child.stdout === null) return lines
  for await (const line of createInterface(child.stdout)) lines.push(line)
  return lines
}

async function untilTrue(look: () => boolean): Promise<void> {
  while (!look()) await new Promise((resolve) => setTimeout(resolve, 5))
}
