import { setTimeout as pause } from 'node:timers/promises'
import { openStore } from '../../src/store/sqlite.ts'
import { comment, quiet } from './commentPart.ts'
import { type Figure, figure, type Part } from './figures.ts'
import { ANY_INSPECTOR_PORT, type Heap, openHeap } from './heap.ts'
import { type Memory, memoryOf, shareOf } from './processes.ts'
import { type Service, startService } from './service.ts'
import { type Measuring, until } from './wait.ts'
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
  await warmUp(folder)
  for (let index = 1; index <= services; index += 1) {
    measuring.say(`memory: service ${index}/${services}`)
    looks.push(await lookAtService(folder, queued, measuring))
  }
  return partOf(looks, queued)
}

/** A service that meets no compiled code beside the sources compiles all of it, and keeps what that took. */
async function warmUp(folder: string): Promise<void> {
  await using _ = await startService(folder, [ANY_INSPECTOR_PORT])
}

interface Usage extends Memory {
  /** Objects that are in use. */
  readonly heapKb: number
}

/** All but `fresh` after a collection of garbage. */
interface MemoryLook {
  readonly fresh: Memory
  readonly rest: Usage
  readonly half: Usage
  readonly full: Usage
  /** Share of one core, in percent. */
  readonly restProcessor: number
  readonly fullProcessor: number
}

async function lookAtService(folder: string, queued: number, measuring: Measuring): Promise<MemoryLook> {
  const { signal } = measuring
  await using service = await startService(folder, [ANY_INSPECTOR_PORT])
  await pause(REST_MS, undefined, { signal })
  const fresh = memoryOf(service.pid)
  const { runs } = await comment(service, '!testme')
  await quiet(service, runs[0] ?? '', signal)
  using heap = await openHeap(service.pid, service.complaints, signal)
  const restProcessor = await shareOf(service.pid, REST_MS, signal)
  const rest = await settled(service.pid, heap)
  await park(service)
  await queueRuns(service, Math.floor(queued / 2), measuring)
  const half = await settled(service.pid, heap)
  await queueRuns(service, queued, measuring)
  const fullProcessor = await shareOf(service.pid, REST_MS, signal)
  const full = await settled(service.pid, heap)
  return { fresh, rest, half, full, restProcessor, fullProcessor }
}

/** Takes the only slot: nothing else starts from here on. */
async function park(service: Service): Promise<void> {
  const starting = service.log.next(({ event }) => event === 'run.starting')
  await comment(service, `!testme ${PARK}`)
  await starting
}

/** Through comments, as people do, until so many wait behind the parked run. All is told to GitHub when this resolves. */
async function queueRuns(service: Service, queued: number, { signal, say }: Measuring): Promise<void> {
  const store = await openStore(service.world.state.database)
  try {
    for (let waiting = (await store.queued()).length; waiting < queued; waiting += 1) {
      signal.throwIfAborted()
      await comment(service, '!testme')
      if (waiting % 100 === 0) say(`memory: ${waiting}/${queued} runs queued`)
    }
    const isTold = async () => (await store.pendingReports()) === 0
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

function partOf(looks: readonly MemoryLook[], queued: number): Part {
  const half = Math.floor(queued / 2)
  return {
    name: 'memory',
    title: `3. The service's memory, at rest and with ${queued} queued runs`,
    conditions:
      'One slot, taken by a parked run; the others were asked for by comments on one pull request. Garbage is collected before each look, but for the fresh service.',
    groups: [
      { title: 'at rest', figures: atRest(looks) },
      { title: `with ${queued} queued runs`, figures: withQueue(looks) },
      {
        title: `growth by each queued run, from ${half} to ${queued}`,
        figures: growth(looks, queued - half),
      },
    ],
  }
}

const REST_AIM_MB = 120
const GROWTH_AIM_KB = 5

function atRest(looks: readonly MemoryLook[]): readonly Figure[] {
  return [
    megabytes('fresh, as it is: resident', looks, ({ fresh }) => fresh.residentKb, REST_AIM_MB),
    megabytes('after one run: resident', looks, ({ rest }) => rest.residentKb, REST_AIM_MB),
    megabytes('after one run: proportional (Pss)', looks, ({ rest }) => rest.proportionalKb),
    ...ownMemory('after one run: ', looks, ({ rest }) => rest),
    percent('processor, of one core', looks, ({ restProcessor }) => restProcessor),
  ]
}

function withQueue(looks: readonly MemoryLook[]): readonly Figure[] {
  return [
    megabytes('resident', looks, ({ full }) => full.residentKb),
    megabytes('proportional (Pss)', looks, ({ full }) => full.proportionalKb),
    ...ownMemory('', looks, ({ full }) => full),
    percent('processor, of one core', looks, ({ fullProcessor }) => fullProcessor),
  ]
}

function ownMemory(
  when: string,
  looks: readonly MemoryLook[],
  of: (look: MemoryLook) => Usage,
): readonly Figure[] {
  return [
    megabytes(`${when}heaps and stacks`, looks, (look) => of(look).anonymousKb),
    megabytes(`${when}objects in use`, looks, (look) => of(look).heapKb),
  ]
}

/** Half a queue is there already: what the first comments cost once (compiled code, caches) is no run's. */
function growth(looks: readonly MemoryLook[], runs: number): readonly Figure[] {
  const perRun = (name: string, of: (usage: Usage) => number, aim: number | null) =>
    figure(
      name,
      'KB',
      looks.map(({ half, full }) => (of(full) - of(half)) / runs),
      aim,
    )
  return [
    perRun('resident', ({ residentKb }) => residentKb, GROWTH_AIM_KB),
    perRun('heaps and stacks', ({ anonymousKb }) => anonymousKb, GROWTH_AIM_KB),
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
