import { setTimeout as pause } from 'node:timers/promises'
import { openStore } from '../../src/store/sqlite.ts'
import { comment, quiet } from './commentPart.ts'
import { type Figure, figure, type Part } from './figures.ts'
import { ANY_INSPECTOR_PORT, type Heap, openHeap } from './heap.ts'
import { memoryOf, processorMsOf } from './processes.ts'
import { type Service, startService } from './service.ts'
import { type Measuring, nowMs, until } from './wait.ts'
import { PARK } from './world.ts'

/** How long a service is left alone before it counts as at rest. */
const REST_MS = 3_000

/** What the service takes at rest, and what a queued run adds. Each value is that of a fresh service. */
export async function measureMemory(
  folder: string,
  services: number,
  queued: number,
  measuring: Measuring,
): Promise<Part> {
  const looks: MemoryLook[] = []
  for (let index = 1; index <= services; index += 1) {
    measuring.say(`memory: service ${index}/${services}`)
    looks.push(await lookAtService(folder, queued, measuring))
  }
  return partOf(looks, queued)
}

interface Usage {
  readonly rssKb: number
  readonly pssKb: number
  /** Objects that are in use, garbage collected. */
  readonly heapKb: number
}

interface MemoryLook {
  readonly fresh: Usage
  readonly rest: Usage
  readonly full: Usage
  /** Share of one core, in percent. */
  readonly restProcessor: number
  readonly fullProcessor: number
}

async function lookAtService(folder: string, queued: number, measuring: Measuring): Promise<MemoryLook> {
  const { signal } = measuring
  await using service = await startService(folder, [ANY_INSPECTOR_PORT])
  await pause(REST_MS, undefined, { signal })
  const fresh = { ...memoryOf(service.pid), heapKb: 0 }
  const { runs } = await comment(service, '!testme')
  await quiet(service, runs[0] ?? '', signal)
  using heap = await openHeap(service.pid, service.complaints, signal)
  const restProcessor = await processorShare(service.pid, signal)
  const rest = await settled(service.pid, heap)
  await queueRuns(service, queued, measuring)
  const fullProcessor = await processorShare(service.pid, signal)
  const full = await settled(service.pid, heap)
  return { fresh, rest, full, restProcessor, fullProcessor }
}

/** Through comments, as people do; the first run is parked and has the only slot. All is told to GitHub before this resolves. */
async function queueRuns(service: Service, queued: number, { signal, say }: Measuring): Promise<void> {
  await comment(service, `!testme ${PARK}`)
  for (let made = 1; made <= queued; made += 1) {
    signal.throwIfAborted()
    await comment(service, '!testme')
    if (made % 100 === 0) say(`memory: ${made}/${queued} runs queued`)
  }
  const store = await openStore(service.world.state.database)
  try {
    const isTold = async () => (await store.nextReportAtMs(0)) === null
    await until('everything to be told to GitHub', isTold, signal)
    const waiting = (await store.queued()).length
    if (waiting !== queued) throw new Error(`${waiting} runs are queued, and not ${queued}`)
  } finally {
    await store.close()
  }
  await service.gitHub.deliveries.idle()
}

async function settled(pid: number, heap: Heap): Promise<Usage> {
  const heapKb = await heap.collect()
  return { ...memoryOf(pid), heapKb }
}

async function processorShare(pid: number, signal: AbortSignal): Promise<number> {
  const [beganMs, before] = [nowMs(), processorMsOf(pid)]
  await pause(REST_MS, undefined, { signal })
  return (100 * (processorMsOf(pid) - before)) / (nowMs() - beganMs)
}

function partOf(looks: readonly MemoryLook[], queued: number): Part {
  return {
    name: 'memory',
    title: `3. The service's memory, at rest and with ${queued} queued runs`,
    conditions:
      'One slot, taken by a parked run; the others were asked for by comments on one pull request. Measured after a forced collection of garbage, but for the fresh service.',
    groups: [
      { title: 'at rest', figures: atRest(looks) },
      { title: `with ${queued} queued runs`, figures: withQueue(looks) },
      { title: 'growth by each queued run', figures: growth(looks, queued) },
    ],
  }
}

function atRest(looks: readonly MemoryLook[]): readonly Figure[] {
  return [
    megabytes('fresh, as it is: resident', looks, ({ fresh }) => fresh.rssKb, 120),
    megabytes('after one run: resident', looks, ({ rest }) => rest.rssKb, 120),
    megabytes('after one run: proportional (Pss)', looks, ({ rest }) => rest.pssKb),
    megabytes('after one run: objects in use', looks, ({ rest }) => rest.heapKb),
    percent('processor, of one core', looks, ({ restProcessor }) => restProcessor),
  ]
}

function withQueue(looks: readonly MemoryLook[]): readonly Figure[] {
  return [
    megabytes('resident', looks, ({ full }) => full.rssKb),
    megabytes('proportional (Pss)', looks, ({ full }) => full.pssKb),
    megabytes('objects in use', looks, ({ full }) => full.heapKb),
    percent('processor, of one core', looks, ({ fullProcessor }) => fullProcessor),
  ]
}

function growth(looks: readonly MemoryLook[], queued: number): readonly Figure[] {
  const perRun = (name: string, of: (usage: Usage) => number, aim: number | null) =>
    figure(
      name,
      'KB',
      looks.map((look) => (of(look.full) - of(look.rest)) / queued),
      aim,
    )
  return [
    perRun('resident', ({ rssKb }) => rssKb, 5),
    perRun('proportional (Pss)', ({ pssKb }) => pssKb, 5),
    perRun('objects in use', ({ heapKb }) => heapKb, null),
  ]
}

type Of = (look: MemoryLook) => number

function megabytes(name: string, looks: readonly MemoryLook[], of: Of, aim: number | null = null): Figure {
  return figure(
    name,
    'MB',
    looks.map((look) => of(look) / 1024),
    aim,
  )
}

function percent(name: string, looks: readonly MemoryLook[], of: Of): Figure {
  return figure(name, '%', looks.map(of))
}
